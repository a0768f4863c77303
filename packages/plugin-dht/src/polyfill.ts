/** libp2p wants `Promise.withResolvers`, which Node 20 has not (ECMAScript 2024). This module is loaded before any of libp2p. */
interface WithResolvers { withResolvers?: unknown }

/** True when this Node had to be given what libp2p needs. */
export const isPolyfilled = typeof (Promise as WithResolvers).withResolvers !== 'function'

if (isPolyfilled) Object.defineProperty(Promise, 'withResolvers', { configurable: true, writable: true, value: withResolvers })

function withResolvers<Value> (this: PromiseConstructor): object {
  let resolve: (value: Value) => void = () => {}
  let reject: (reason: unknown) => void = () => {}
  const promise = new this<Value>((...both) => { [resolve, reject] = both })
  return { promise, resolve, reject }
}
