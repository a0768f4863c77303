// What core uses of TypeBox at run time. `scripts/vendor.mjs` makes dist/typebox.js of these lines, with all that they need and nothing else.
export { IsObject, Type } from 'typebox'
export { Settings } from 'typebox/system'
export { Check, Default, Errors } from 'typebox/value'
