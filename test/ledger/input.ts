/** The input: a topic of another application, which `intake` reads. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTopic } from '@sluice/test-kit/create-topic'
import { Kafka, logLevel } from 'kafkajs'

export const INPUT_PARTITIONS = 3

export function inputTopic(env: string): string {
  return `input-${env}`
}

/** Both mappings take what a device measures. The second one is for records without a message number. */
const MAPPINGS: Readonly<Record<string, string>> = {
  'by-message': 'when: { has: [message] }\nid: [message]',
  'by-position': 'when: { lacks: [message] }\nid: position',
}

const FIELDS = `
family: environment
time: { from: at }
fields:
  sensorId: device
  temperature: value
  location.site: { constant: ledger }
  location.latitude: { constant: 1 }
  location.longitude: { constant: 2 }
`

/**
 * Creates the topic, with other settings than topics of Sluice, and the files that describe it.
 *
 * @returns the variables of the functions
 */
export async function createInput(
  brokers: readonly string[],
  env: string,
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  const topic = inputTopic(env)
  const names = Object.keys(MAPPINGS)
  for (const name of names) await writeFile(join(folder, `${name}.yaml`), `${MAPPINGS[name]}${FIELDS}`)
  const file = join(folder, 'inputs.yaml')
  await writeFile(file, `inputs:\n  - { topic: ${topic}, mappings: [${names.join(', ')}] }\n`)
  const configEntries = Object.entries({
    'compression.type': 'lz4',
    'message.timestamp.type': 'CreateTime',
    'min.insync.replicas': String(Math.min(2, brokers.length)),
  }).map(([name, value]) => ({ name, value }))
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    const [numPartitions, replicationFactor] = [INPUT_PARTITIONS, brokers.length]
    await createTopic(admin, { topic, numPartitions, replicationFactor, configEntries })
  } finally {
    await admin.disconnect()
  }
  return { INPUTS_FILE: file, MAPPINGS_DIR: folder }
}
