/** Tells whether a topic is still the one whose offsets are known: one that was created again has another id. */
export class TopicIdentity {
  #id: string | undefined
  /** A broker that lags behind can still name the id of the deleted topic. */
  readonly #former = new Set<string>()

  get isKnown(): boolean {
    return this.#id !== undefined
  }

  /** Returns whether this is the id of another topic than the known one. An unknown id is no reason to say so. */
  isOther(id: string | undefined): boolean {
    return id !== undefined && this.#id !== undefined && id !== this.#id && !this.#former.has(id)
  }

  /** As `isOther`. The topic with this id is the known one from now on. */
  replacedBy(id: string | undefined): boolean {
    const isOther = this.isOther(id)
    if (isOther && this.#id !== undefined) this.#former.add(this.#id)
    if (isOther || this.#id === undefined) this.#id = id
    return isOther
  }
}
