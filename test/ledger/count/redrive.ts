/** Headers of a redriven record, read without the project's code. */
import type { KafkaRecord } from '../kafka/records.ts'

const OWN = 'sluice-'

export interface Redrive {
  readonly consumer: string
  readonly failure: string
  readonly attempt: number
}

/** Undefined for a record that is not redriven. */
export function readRedrive({ headers }: KafkaRecord): Redrive | undefined {
  const value = (name: string) => headers.find(([candidate]) => candidate === `${OWN}redrive-${name}`)?.[1]
  const consumer = value('consumer')
  if (consumer === undefined) return undefined
  return { consumer: String(consumer), failure: String(value('failure')), attempt: Number(value('attempt')) }
}

/** The record as its producer wrote it. */
export function withoutRedrive(record: KafkaRecord): KafkaRecord {
  return { ...record, headers: record.headers.filter(([name]) => !name.startsWith(OWN)) }
}

/** Returns its bytes, without position and time. */
export function originalBytes(record: KafkaRecord): string {
  const base64 = (bytes: Buffer | null) => bytes?.toString('base64') ?? null
  const { key, value, headers } = withoutRedrive(record)
  return JSON.stringify([base64(key), base64(value), headers.map(([name, bytes]) => [name, base64(bytes)])])
}
