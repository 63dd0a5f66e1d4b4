import { MemoryStateStore } from '../adapters/memory/state-store.ts'
import { isFailure } from '../cloudevents/event.ts'
import { readEvent } from '../cloudevents/reader.ts'
import type { LogRecord, OutgoingRecord } from '../cloudevents/record.ts'
import { type Application, requireFirstTopic } from '../consumer/application.ts'
import type { Event } from '../consumer/event.ts'
import type { KeyedProcess } from '../consumer/process.ts'
import type { TopicName } from '../consumer/topic-name.ts'
import type { KafkaEvent } from '../pipeline/batch/receive.ts'
import type { BatchResponse } from '../pipeline/batch/respond.ts'
import { consume } from '../pipeline/consume.ts'
import { CONSUMER_DEFAULTS, type Consumer, type Process } from '../pipeline/consumer.ts'
import { LatestDecisions } from '../pipeline/failures/failure-surge.ts'
import type { Invocation } from '../pipeline/invocation.ts'
import { LogChecks } from '../pipeline/log/log-identity.ts'
import type { StateKey } from '../pipeline/model/partition-state.ts'
import { stateJson } from '../pipeline/model/stored-state.ts'
import type { Ports } from '../pipeline/ports.ts'
import type { StatesPort } from '../pipeline/replacing/replaceable-states.ts'
import { EMPTY_SELECTION } from './empty-selection.ts'
import { MemoryCircuitBreaker } from './memory-circuit-breaker.ts'
import { MemoryLogBounds } from './memory-log-bounds.ts'
import { MemoryLogReader } from './memory-log-reader.ts'
import { MemoryPublisher } from './memory-publisher.ts'
import { RecordingObserver } from './recording-observer.ts'
import { kafkaEvent } from './records.ts'

type StageOptions = Partial<Invocation> & { readonly ports?: Partial<Ports & StatesPort> }

/** Runs a consumer without servers: add records and state, deliver a batch, and check decisions and emissions. */
export class Stage {
  readonly store: MemoryStateStore
  readonly publisher = new MemoryPublisher()
  readonly observer = new RecordingObserver()
  readonly breaker = new MemoryCircuitBreaker()
  /** Latest decisions of the only code version on this stage. */
  readonly latest = new LatestDecisions()
  /** Log checks of the only consumer on this stage. */
  readonly logChecks = new LogChecks()
  /** Complete log, which the consumer can read in addition to delivered records. */
  readonly #log: LogRecord[] = []
  readonly #inLog = new Set<string>()
  consumer: Consumer
  readonly ports: Ports

  /** Kafka name of the topic that the consumer reads. */
  readonly topic: string

  /**
   * Creates a stage for a consumer.
   *
   * @param overrides ports that replace the in-memory ports
   * @param topic topic that the consumer reads
   */
  constructor(
    application: Application,
    process: KeyedProcess<never> | Process,
    overrides: Partial<Ports> = {},
    topic: TopicName = requireFirstTopic(application),
  ) {
    this.store = new MemoryStateStore()
    this.consumer = {
      ...CONSUMER_DEFAULTS,
      application,
      failuresTo: application.failuresTopic,
      process: withFrozenStates(process as Process),
      env: 'test',
    }
    this.topic = application.kafkaTopic(topic, this.consumer.env)
    this.ports = {
      store: this.store,
      publisher: this.publisher,
      log: new MemoryLogReader(this.#log),
      bounds: new MemoryLogBounds(this.#log),
      breaker: this.breaker,
      report: this.observer.report,
      ...overrides,
    }
  }

  /** Delivers records to the consumer as a batch from Lambda, and adds them to the log. */
  batch(records: readonly LogRecord[], given: StageOptions = {}): Promise<BatchResponse> {
    this.inLog(records)
    return this.consume(kafkaEvent(records), given)
  }

  /** Invokes the consumer, by default with enough time and with partial batch responses. */
  consume(event: KafkaEvent, { ports = {}, ...given }: StageOptions = {}): Promise<BatchResponse> {
    const invocation: Invocation = {
      remainingMs: () => 60_000,
      partialResponses: true,
      nowMs: () => 0,
      pause: async () => {},
      codeVersion: () => 'v1',
      latest: this.latest,
      logChecks: this.logChecks,
      ...given,
    }
    return consume(this.consumer, { ...this.ports, ...ports }, event, invocation)
  }

  /** Adds records to the log without delivering them. */
  inLog(records: readonly LogRecord[]): void {
    for (const record of records) {
      const place = `${record.partition}/${record.offset}`
      if (this.#inLog.has(place)) continue
      this.#inLog.add(place)
      this.#log.push(record)
    }
  }

  /** `outcome/reason` of each decision, in order. */
  get outcomes(): string[] {
    return this.observer.decisions.map(({ outcome, reason }) => `${outcome}/${reason}`)
  }

  /** All published events, read back from their records. */
  get events(): Event[] {
    return this.eventsAfter(0)
  }

  /** Returns the published events after the first `count`. */
  eventsAfter(count: number): Event[] {
    return this.publisher.publishedRecords.slice(count).map(readEmittedEvent)
  }

  stateKey(partition = 0): StateKey {
    return { consumer: this.consumer.process.name, topic: this.topic, partition }
  }

  async state(entity: string, partition = 0): Promise<unknown> {
    const { states } = await this.store.load(this.stateKey(partition), {
      ...EMPTY_SELECTION,
      entities: [entity],
    })
    const json = stateJson(states.get(entity))
    return json === undefined ? undefined : JSON.parse(json)
  }
}

/**
 * Returns a process whose states are frozen if it declares that it never changes them, so that a handler that does throws instead of
 * changing what the engine has kept.
 */
function withFrozenStates(process: Process): Process {
  if (!('onEvent' in process) || !process.neverChangesState) return process
  const { onTimer } = process
  return {
    ...process,
    onEvent: (state, ...given) => process.onEvent(freeze(state), ...given),
    ...(onTimer && { onTimer: (state, ...given) => onTimer.call(process, freeze(state), ...given) }),
  }
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.values(value).forEach(freeze)
  return Object.freeze(value)
}

/** Reads the event of a published record. Fails the test if it is not a valid event. */
export function readEmittedEvent(record: OutgoingRecord): Event {
  const event = readEvent(record)
  if (isFailure(event)) throw new Error(`published an invalid event: ${event.message}`)
  return event
}
