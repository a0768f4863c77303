/** `it` for what cannot be tried everywhere: skipped, with the reason in its title, where there is one. */
export function ifPossible (reason: string | undefined): (title: string, run: () => Promise<void>) => void {
  return (title, run) => {
    if (reason === undefined) it(title, run)
    else it.skip(`${title} (skipped: ${reason})`, run)
  }
}

/** A line among those of the reporter. */
export function print (line: string): void {
  console.log(`      ${line}`)
}
