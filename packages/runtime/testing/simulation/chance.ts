/** Decides under one seed where faults strike. Each kind of fault at each place has random numbers of its own. */
import { Random } from '../random.ts'

/** Probability of each fault wherever it can strike, in a schedule that has it at its usual rate. */
export const FAULTS = {
  /** A call fails, and has no effect. */
  refused: 0.02,
  /** A call has its effect, and its answer is lost. */
  unanswered: 0.04,
  /** A call answers after others have gone on. */
  late: 0.08,
  /** A call never answers, whether it has its effect or not: the invocation ends by its time limit. */
  hung: 0.004,
  /** A removal from an outbox fails. */
  'not trimmed': 0.06,
  /** Only the first records of a publication are written before it fails. */
  'partly published': 0.02,
  /** An instance is killed between two calls. */
  killed: 0.01,
  /** A batch is delivered to two instances. */
  'delivered twice': 0.15,
  /** Another instance receives the partitions of an invocation that goes on. */
  overtaken: 0.03,
  /** An invocation has too little time left. */
  'out of time': 0.05,
  /** The store loses its last writes, as a failover to a lagging replica does. */
  'store forgets': 0.02,
  /** The store loses the whole state of a partition. */
  'store is empty': 0.01,
  /** The log loses records that no state needs any more. */
  expired: 0.06,
  /** An offset has no record, as after a transaction. */
  marker: 0.03,
  /** Time passes although records wait. */
  'time passes': 0.01,
} as const

export type Fault = keyof typeof FAULTS

/** A fault that has struck, and its number in the schedule. */
export interface Struck {
  readonly fault: Fault
  readonly name: string
}

/** How many times as often as usual a schedule has a fault. Most schedules lack some, so that others can have their full effect. */
const RATES = [0, 0, 1, 1, 3]

export class Chance {
  /** Faults so far, in order. */
  readonly struck: Struck[] = []
  readonly #seed: number
  readonly #allowed: ReadonlySet<string> | undefined
  readonly #streams = new Map<string, { readonly random: Random; count: number }>()
  readonly #rates: ReadonlyMap<Fault, number>
  #isCalm = false

  /**
   * Creates the chances of a schedule.
   *
   * @param faults kinds that may strike
   * @param often how often they strike, as a multiple of the usual rates
   * @param allowed names of the faults that strike; all others do not. By default, all strike.
   */
  constructor(seed: number, faults: readonly Fault[], often: number, allowed?: ReadonlySet<string>) {
    this.#seed = seed
    this.#allowed = allowed
    const rates = this.stream('rates')
    const drawn = Object.keys(FAULTS).map(name => [name as Fault, often * rates.pick(RATES)] as const)
    this.#rates = new Map(drawn.filter(([name]) => faults.includes(name)))
  }

  /** Returns the random numbers of a purpose. They do not depend on those of other purposes. */
  stream(name: string): Random {
    return this.#stream(name).random
  }

  /** Returns true if a fault strikes at this place. */
  strikes(fault: Fault, place: string): boolean {
    const rate = this.#rates.get(fault) ?? 0
    if (rate === 0 || this.#isCalm) return false
    const purpose = `${fault} ${place}`
    const stream = this.#stream(purpose)
    stream.count += 1
    if (!stream.random.chance(FAULTS[fault] * rate)) return false
    const name = `${purpose} ${stream.count}`
    if (this.#allowed && !this.#allowed.has(name)) return false
    this.struck.push({ fault, name })
    return true
  }

  /** Ends all faults. */
  calm(): void {
    this.#isCalm = true
  }

  get isCalm(): boolean {
    return this.#isCalm
  }

  #stream(name: string) {
    const known = this.#streams.get(name) ?? { random: new Random(hash(name, this.#seed)), count: 0 }
    this.#streams.set(name, known)
    return known
  }
}

/** Returns a number for a text (FNV-1a). */
function hash(text: string, seed: number): number {
  let value = 0x811c9dc5 ^ Math.imul(seed + 1, 0x9e3779b1)
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return value
}
