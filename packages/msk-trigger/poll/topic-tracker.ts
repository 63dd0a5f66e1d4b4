import type { TopicState, TopicStates } from './topic-watch.ts'

interface TrackerParts {
  readonly topic: string
  topicStates(topics: readonly string[]): Promise<TopicStates | undefined>
  onRecreated(): void
}

/** Result of comparing a topic with the known one: the same topic, another topic of the same name, or no topic. */
type TopicFate = 'same' | 'replaced' | 'gone'

/** Action after a check of the topic: rejoin the group, or look for added partitions. */
type TopicChange = 'rejoin' | 'refresh' | undefined

/** Tracks whether the topic of an event source is deleted, created again or given more partitions. */
export class TopicTracker {
  readonly #parts: TrackerParts
  readonly #identity = new TopicIdentity()
  #isReading = false
  #isRecreated = false
  #partitionCount = 0

  constructor(parts: TrackerParts) {
    this.#parts = parts
  }

  /** True if the topic was created again and its new log has not been read yet. */
  get isRecreated(): boolean {
    return this.#isRecreated
  }

  /** Compares the current topic with the topic for which positions are stored. */
  async checkTopic(): Promise<TopicFate> {
    const { topic, topicStates, onRecreated } = this.#parts
    const states = await topicStates([topic])
    if (states && !states.has(topic) && this.#identity.isKnown) return 'gone'
    if (!this.#identity.update(states?.get(topic)?.id)) return 'same'
    this.#isRecreated = true
    onRecreated()
    return 'replaced'
  }

  startReading(): void {
    this.#isReading = true
    this.#isRecreated = false
  }

  stopReading(): void {
    this.#isReading = false
  }

  /** Returns the action for a change of the topic. @param state undefined if the topic does not exist */
  findChange(state: TopicState | undefined): TopicChange {
    // While the event source is not reading, it checks the topic itself.
    if (!this.#isReading) return undefined
    if (!state || this.#identity.isOther(state.id)) return 'rejoin'
    const { partitionCount } = state
    if (partitionCount === this.#partitionCount) return undefined
    this.#partitionCount = partitionCount
    return 'refresh'
  }
}

/** Identifies the topic for which offsets are stored by the topic's id, which changes if the topic is created again. */
export class TopicIdentity {
  #id: string | undefined
  /** Ids of former topics. A broker with outdated metadata can still report the id of a deleted topic. */
  readonly #former = new Set<string>()

  get isKnown(): boolean {
    return this.#id !== undefined
  }

  /** Returns true if this id belongs to another topic than the known one. A missing id is ignored. */
  isOther(id: string | undefined): boolean {
    return id !== undefined && this.#id !== undefined && id !== this.#id && !this.#former.has(id)
  }

  /** Returns the result of `isOther`, and then stores the id as the known one. */
  update(id: string | undefined): boolean {
    const isOther = this.isOther(id)
    if (isOther && this.#id !== undefined) this.#former.add(this.#id)
    if (isOther || this.#id === undefined) this.#id = id
    return isOther
  }
}
