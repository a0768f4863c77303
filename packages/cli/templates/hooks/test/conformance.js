/** What `akshi plugin test` runs the plugin with. */
export const config = { words: ['verboten'] }
