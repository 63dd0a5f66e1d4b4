/** Receivers of the sinks, in memory: a database, a history, and webhooks. Each call waits for its turn, and may fail. */
import { RetryableError } from '#runtime/consumer'
import type { Simulation } from '#runtime/test/support/inside'
import type { PostAnswer, PostRequest, WebhookPorts } from '../../lib/notification/webhook/attempt.ts'
import type { Storage } from '../../lib/storage/storage.ts'
import type { Rows, StorageRow, Table } from '../../lib/storage/table.ts'

/** Calls a receiver. It throws a RetryableError where the simulation makes the call fail. */
type Call = <T>(what: string, call: () => Promise<T>) => Promise<T>

export function callsOf(simulation: Simulation | undefined, who: string): Call {
  if (!simulation) return (_, call) => call()
  return async (what, call) => {
    try {
      return await simulation.call(who, what, call)
    } catch (error) {
      throw new RetryableError((error as Error).message)
    }
  }
}

/** Database in memory: tables by key, in which a row with a higher version replaces one with a lower one. */
export class MemoryStorage implements Storage {
  readonly location = 'memory'
  readonly tables = new Map<string, Map<string, StorageRow>>()
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  write(rows: Rows): Promise<number> {
    return this.#call('write', async () => {
      for (const [table, own] of rows) for (const row of own) this.#put(table, row)
      return rows.size
    })
  }

  async close(): Promise<void> {}

  #put({ name, key, version }: Table, row: StorageRow): void {
    const rows = this.tables.get(name) ?? new Map<string, StorageRow>()
    this.tables.set(name, rows)
    const id = JSON.stringify(row.slice(0, key.length))
    const before = rows.get(id)
    const at = key.length
    if (version !== undefined && before && (before[at] ?? 0) > (row[at] ?? 0)) return
    rows.set(id, row)
  }
}

/** A webhook call that its receiver has accepted. */
export interface Accepted {
  readonly receiver: string
  readonly id: string
  readonly group: string
}

/** Probability that a call finds its receiver away, and for how long it is, in milliseconds. */
const AWAY = 0.15
const AWAY_MS = 150_000

/** Webhooks that answer late, with errors, or not at all. */
export class Webhooks implements WebhookPorts {
  readonly accepted: Accepted[] = []
  readonly #simulation: Simulation
  readonly #awayUntilMs = new Map<string, number>()

  constructor(simulation: Simulation) {
    this.#simulation = simulation
  }

  post = async ({ url, headers, body }: PostRequest): Promise<PostAnswer> => {
    const receiver = new URL(url).hostname
    const accept = async (): Promise<PostAnswer> => {
      if (this.#isAway(receiver)) return { kind: 'status', status: 503 }
      this.accepted.push({ receiver, id: headers['webhook-id'] ?? '', group: JSON.parse(body).data.group })
      return { kind: 'status', status: 200 }
    }
    return this.#simulation
      .call('deliver', `post to ${receiver}`, accept)
      .catch(() => ({ kind: 'no-answer', why: 'no answer', timedOut: true }) as const)
  }

  /** Each receiver is away for some minutes now and then, so that deliveries fail and return as retries. */
  #isAway(receiver: string): boolean {
    const { chance, nowMs } = this.#simulation
    if (chance.isCalm) return false
    const awayUntilMs = this.#awayUntilMs.get(receiver) ?? 0
    if (nowMs < awayUntilMs) return true
    if (!chance.stream(receiver).chance(AWAY)) return false
    this.#awayUntilMs.set(receiver, nowMs + AWAY_MS)
    return true
  }

  access = async ({ url = '' }: { readonly url?: string }) => ({ url, keys: [], headers: {} })
  nowMs = (): number => this.#simulation.nowMs
  pause = (ms: number): Promise<void> => this.#simulation.pause(ms)
}
