/** The part of fs-native-extensions (which ships no types) that is used here. */
declare module 'fs-native-extensions' {
  /** Takes an exclusive advisory lock on the whole file; false when another file descriptor holds it. */
  export function tryLock (fd: number): boolean
}
