/** What is used here of @akshi/testkit, which the plugin brings in the version that it is written for: the command does not depend on it. */
export interface Kit {
  transportCasesOf (subject: Subject): readonly KitCase[]
  discoveryCasesOf (subject: Subject): readonly KitCase[]
  untriedTransportCasesOf (subject: Subject): readonly UntriedCase[]
  untriedDiscoveryCasesOf (subject: Subject): readonly UntriedCase[]
  faultProfile (subject: Subject, options: { readonly seed: number }): Promise<FaultReport>
}

export interface KitCase {
  readonly name: string
  readonly run: (subject: Subject) => Promise<void>
}

/** A promise that the worlds of a subject cannot try. */
export interface UntriedCase {
  readonly name: string
  /** The method that the subject would have to have. */
  readonly needs?: string
}

/** A transport has a reach, a discovery none. */
export interface Subject {
  readonly reach?: 'peer' | 'shared'
  readonly exempt?: Readonly<Record<string, string>>
}

export interface FaultReport {
  readonly counts: Readonly<Record<string, number>>
  readonly problems: readonly string[]
}
