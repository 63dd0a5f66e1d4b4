import type { TopicState, TopicStates } from './topics.ts'

interface TrackerParts {
  readonly topic: string
  topicStates(topics: readonly string[]): Promise<TopicStates | undefined>
  onRecreated(): void
}

/** The topic still is the one that was known, is another one of its name, or does not exist now. */
type TopicFate = 'same' | 'replaced' | 'gone'

/** Action after a look at the topic: to join the group again, or to look for added partitions. */
type TopicChange = 'rejoin' | 'refresh' | undefined

/** Follows what becomes of the topic of one event source: whether it is deleted, created again or enlarged. */
export class TopicTracker {
  readonly #parts: TrackerParts
  readonly #identity = new TopicIdentity()
  #isReading = false
  #isRecreated = false
  #partitionCount = 0

  constructor(parts: TrackerParts) {
    this.#parts = parts
  }

  /** The topic was created again, and its new log has not been read yet. */
  get isRecreated(): boolean {
    return this.#isRecreated
  }

  /** Asks what became of the topic whose positions are known. */
  async fate(): Promise<TopicFate> {
    const { topic, topicStates, onRecreated } = this.#parts
    const states = await topicStates([topic])
    if (states && !states.has(topic) && this.#identity.isKnown) return 'gone'
    if (!this.#identity.replacedBy(states?.get(topic)?.id)) return 'same'
    this.#isRecreated = true
    onRecreated()
    return 'replaced'
  }

  reads(): void {
    this.#isReading = true
    this.#isRecreated = false
  }

  leaves(): void {
    this.#isReading = false
  }

  /** @param state undefined if the topic does not exist */
  changeOf(state: TopicState | undefined): TopicChange {
    // While it is not reading, it asks by itself.
    if (!this.#isReading) return undefined
    if (!state || this.#identity.isOther(state.id)) return 'rejoin'
    const { partitionCount } = state
    if (partitionCount === this.#partitionCount) return undefined
    this.#partitionCount = partitionCount
    return 'refresh'
  }
}

/** Tells whether a topic is still the one whose offsets are known: one that was created again has another id. */
export class TopicIdentity {
  #id: string | undefined
  /** A broker that lags behind can still name the id of the deleted topic. */
  readonly #former = new Set<string>()

  get isKnown(): boolean {
    return this.#id !== undefined
  }

  /** Returns whether this is the id of another topic than the known one. An unknown id does not count. */
  isOther(id: string | undefined): boolean {
    return id !== undefined && this.#id !== undefined && id !== this.#id && !this.#former.has(id)
  }

  /** Returns `isOther`, and knows the topic with this id from now on. */
  replacedBy(id: string | undefined): boolean {
    const isOther = this.isOther(id)
    if (isOther && this.#id !== undefined) this.#former.add(this.#id)
    if (isOther || this.#id === undefined) this.#id = id
    return isOther
  }
}
