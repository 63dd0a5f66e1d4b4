import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { ForeignClient } from '@sluice/test-kit/foreign-client'
import { Program } from '@sluice/test-kit/program'
import { startKafka } from '@sluice/test-kit/start-apart'
import type { Supervisor } from '#local-servers/supervisor'
import { inOwnFolder } from '../support/own-servers.ts'

interface Outcome {
  readonly code: number | null
  readonly output: string
  readonly summary: {
    readonly readings: number
    readonly acknowledged: number
    readonly errors: number
    readonly unacknowledged: number
  }
  readonly inFile: readonly string[]
  readonly inTopic: readonly string[]
}

const WARNING = 'Warning: Kafka (?:at \\S+ )?does not answer.*\\. Events wait until Kafka answers'
const ACKNOWLEDGING = / [1-9]\d* acknowledged, /
/** A warning, and later a line with few pending readings: those of a moment, at 200 a second. */
const BACK = `${WARNING}\\n[^]*?, \\d{1,2} pending[^]*?`

describe('given two runs of `sluice generate` whose only broker goes away in the middle', () => {
  let patient: Outcome
  let impatient: Outcome

  before(() =>
    inOwnFolder(async folder => {
      const kafka = await startKafka()
      const [address] = kafka.addresses as [string]
      const [broker] = kafka.brokers as [Supervisor]

      /** With one sensor, the topic has the order of the file. */
      const startGenerator = (topic: string, rate: string) => {
        const args = ['generate', '--kafka-topic', topic, '--num-sensors', '1', '--rate', rate]
        const more = ['--output', join(folder, topic), '--json']
        return new Program('./cli/sluice.ts', [...args, ...more], { env: { KAFKA_BROKERS: address } })
      }
      const outcome = async (topic: string, program: Program): Promise<Outcome> => {
        const { code, stdout, output } = await program.ended
        const client = await ForeignClient.connect([address])
        const inTopic = (await client.read(topic)).map(({ headers }) => String(headers?.ce_id))
        await client.close()
        const lines = (await readFile(join(folder, topic), 'utf8')).trim().split('\n')
        return {
          code,
          output,
          summary: JSON.parse(stdout),
          inFile: lines.map(line => JSON.parse(line).id),
          inTopic,
        }
      }

      try {
        const [slow, fast] = [startGenerator('slow', '200'), startGenerator('fast', 'max')]
        await Promise.all([slow.says(ACKNOWLEDGING), fast.says(ACKNOWLEDGING)])
        await broker.kill('SIGKILL')
        await Promise.all([slow.says(new RegExp(WARNING)), fast.says(new RegExp(WARNING))])
        // The memory for readings is full: no more are made.
        await fast.says(/\| (\d+) readings, .*\| \1 readings, /s)
        fast.signal('SIGINT')
        await fast.ended
        await broker.restart()
        await slow.says(new RegExp(BACK))
        broker.signal('SIGSTOP')
        await slow.says(new RegExp(`${BACK}${WARNING}`))
        broker.signal('SIGCONT')
        await slow.says(new RegExp(`${BACK}${BACK}`))
        slow.signal('SIGINT')
        patient = await outcome('slow', slow)
        impatient = await outcome('fast', fast)
      } finally {
        // A process that is paused does not react to SIGTERM.
        broker.signal('SIGCONT')
        await kafka.stop()
      }
    }),
  )

  // Promise docs/readings.md#simulated-readings
  it('when it is killed and started, and paused and continues, then one waits, and loses nothing', () => {
    const { code, output, summary, inFile, inTopic } = patient
    assert.equal(code, 130, output)
    const { readings, acknowledged, errors, unacknowledged } = summary
    assert.deepEqual([acknowledged, errors, unacknowledged], [readings, 0, 0])
    assert.equal(inFile.length, readings)
    assert.ok(inTopic.length >= acknowledged)
    assert.deepEqual(new Set(inTopic), new Set(inFile))
  })

  it('when one is stopped while it can take no more, then it ends, and counts what is missing', () => {
    const { code, output, summary, inFile, inTopic } = impatient
    assert.equal(code, 1, output)
    const { readings, acknowledged, errors, unacknowledged } = summary
    assert.ok(acknowledged > 0 && unacknowledged > 0)
    assert.deepEqual([errors, acknowledged + unacknowledged], [0, readings])
    // The output has two streams, whose order is not fixed.
    assert.ok(output.split('\n').includes(`${unacknowledged} readings of ${readings} were not acknowledged.`))
    assert.equal(inFile.length, readings)
    assert.ok(inTopic.length >= acknowledged)
    assert.deepEqual(inTopic.slice(0, acknowledged), inFile.slice(0, acknowledged))
  })
})
