import type { Did } from '@akshi/core'
import type { MessageKind } from './traffic.ts'

/** A message on its way. `arrive` is called at each arrival. */
export interface Parcel {
  readonly from: Did
  readonly to: Did
  readonly kind: MessageKind
  readonly isAnswer?: boolean
  readonly bytes: number
  readonly items?: number
  readonly parts?: readonly Uint8Array[]
  readonly arrive: () => void
}
