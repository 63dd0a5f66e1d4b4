/** Compares what was forwarded with where it came from: each record once, in order and byte for byte. */
import type { KafkaLog } from '../kafka/log.ts'
import type { KafkaRecord } from '../kafka/records.ts'
import { LOST, ORDER, type Violations } from './violations.ts'

/** The header in which the forwarder says where a record was. */
const FROM = 'ledger-from'

export interface Forwarded {
  readonly distinct: number
  readonly repeats: number
}

interface Topics {
  readonly from: string
  readonly to: string
}

/** First copies must be in order and complete. Repeats, which a crash may leave, must be equal to the first copy. */
export async function compareForwarded(
  log: KafkaLog,
  { from, to }: Topics,
  violations: Violations,
): Promise<Forwarded> {
  const [sources, targets] = await Promise.all([log.ends(from), log.ends(to)])
  let [distinct, repeats] = [0, 0]
  for (const [partition, end] of sources.entries()) {
    const bytes = new Map<string, string>()
    for await (const record of log.records(from, partition, end))
      bytes.set(`${partition}/${record.offset}`, listBytes(record))
    const order = [...bytes.keys()]
    const seen = new Set<string>()
    for await (const record of log.records(to, partition, targets[partition] ?? 0)) {
      const place = String(record.headers.find(([name]) => name === FROM)?.[1])
      if (bytes.get(place) !== listBytes(record)) violations.add('forwarded with other bytes', place)
      if (seen.has(place)) {
        repeats += 1
        continue
      }
      if (place !== order[seen.size] && bytes.has(place))
        violations.add(ORDER, `forwarded ${place} in the place of ${order[seen.size]}`)
      seen.add(place)
    }
    for (const place of order)
      if (!seen.has(place)) violations.add(LOST, `${from} ${place} was not forwarded`)
    distinct += seen.size
  }
  return { distinct, repeats }
}

function listBytes({ key, value, headers }: KafkaRecord): string {
  const base64 = (bytes: Buffer | null) => bytes?.toString('base64') ?? null
  const own = headers.filter(([name]) => name !== FROM)
  return JSON.stringify([base64(key), base64(value), own.map(([name, bytes]) => [name, base64(bytes)])])
}
