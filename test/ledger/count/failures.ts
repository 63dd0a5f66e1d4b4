/** The failures that a reference remembers. */

/** A failure as its consumer remembers it. */
export interface Remembered {
  readonly attempt: number
  readonly isOpen: boolean
  /** Where the record was when it failed first. */
  readonly partition: number
  readonly offset: number
}
