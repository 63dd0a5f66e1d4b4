/** Operations that replace partition states, kept in a store so that a later run of the command can go on, or take them back. */

export interface Operation {
  /** Stays the same over all runs. */
  readonly operation: string
  /** The run that works on it, higher than every earlier run's, of this operation and those before. See `Fence`. */
  readonly attempt: number
}

/** A value in a store that commands share. */
interface Shared<T> {
  read(): Promise<T | undefined>
  /** Writes the result of `change`, unless another has written meanwhile: then again, with the newer value. */
  update(change: (value: T | undefined) => T): Promise<T>
}

/** @typeParam Beside what the value has beside the operation, and keeps when it is over */
export type Registered<Own extends Operation, Beside extends object> = Beside & {
  /** The unfinished operation; missing without one. */
  readonly underway?: Own
}

type StoredRun<Own extends Operation, Beside extends object> = Registered<Own, Beside> & {
  /** The number of the last run. */
  readonly attempt?: number
}

export class Operations<Own extends Operation, Beside extends object> {
  protected readonly value: Shared<StoredRun<Own, Beside>>
  readonly #empty: StoredRun<Own, Beside>
  readonly #nowMs: () => number

  /** @param empty what stands beside the operation before anything was written */
  constructor(value: Shared<StoredRun<Own, Beside>>, empty: Beside, nowMs: () => number) {
    this.value = value
    this.#empty = empty
    this.#nowMs = nowMs
  }

  async read(): Promise<Registered<Own, Beside>> {
    const { attempt: _, ...record } = (await this.value.read()) ?? this.#empty
    return record as Registered<Own, Beside>
  }

  /**
   * Begins an operation, or takes over the one that is under way: from then on, what its earlier runs note is refused.
   *
   * @param begin what is begun if nothing is under way; undefined if nothing is to begin
   * @param mayTake whether one that is under way is taken over; without it, any is
   * @returns what is under way now
   */
  async take(
    begin: Own | undefined,
    mayTake: (underway: Own) => boolean = () => true,
  ): Promise<Own | undefined> {
    const { underway } = await this.#update(record => {
      const { underway = begin } = record
      if (!underway || (record.underway && !mayTake(record.underway))) return record
      // If the store has lost the number of the last run, the time is higher than it was.
      const attempt = Math.max(this.#nowMs(), (record.attempt ?? 0) + 1)
      return { ...record, underway: { ...underway, attempt }, attempt }
    })
    return underway
  }

  /** Changes what is kept of a run's operation. @returns whether it is still that run's */
  async note(
    own: Operation,
    change: (underway: Own) => Own,
    beside: (record: Beside) => Partial<Beside> = () => ({}),
  ): Promise<boolean> {
    let isNoted = false
    await this.#update(record => {
      isNoted = record.underway !== undefined && isOf(record.underway, own)
      return isNoted ? { ...record, ...beside(record), underway: change(record.underway as Own) } : record
    })
    return isNoted
  }

  /** Returns whether this run still works on the operation. */
  async isOwn(own: Operation): Promise<boolean> {
    const { underway } = await this.read()
    return underway !== undefined && isOf(underway, own)
  }

  /** The operation is over, or was taken back. */
  async end({ operation }: Pick<Operation, 'operation'>): Promise<void> {
    await this.#update(record => {
      const { underway, ...others } = record
      return underway?.operation === operation ? (others as StoredRun<Own, Beside>) : record
    })
  }

  #update(
    change: (record: StoredRun<Own, Beside>) => StoredRun<Own, Beside>,
  ): Promise<StoredRun<Own, Beside>> {
    return this.value.update(record => change(record ?? this.#empty))
  }
}

function isOf(underway: Operation, { operation, attempt }: Operation): boolean {
  return underway.operation === operation && underway.attempt === attempt
}
