import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { topicName } from '../../lib/app/topics.ts'
import { kafkaClient } from '../../lib/runtime/adapters/kafka/client.ts'
import { TopicOffsets } from '../../lib/runtime/adapters/kafka/offsets.ts'
import { freePorts } from '../../localstack/services/ports.ts'
import { temporaryFolder } from '../integration/localstack/support.ts'
import { PROJECT, runProgram } from '../support/program.ts'
import { awsEndpoint, brokers, redisUrl } from '../support/servers.ts'

const READINGS = topicName('readings', 'local')

describe('npm start without schedules', { timeout: 180_000 }, () => {
  const { folder, remove } = temporaryFolder()
  const offsets = new TopicOffsets(kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' }))
  after(async () => {
    await offsets.close()
    await remove()
  })

  it('given SLUICE_SCHEDULES=off, then it publishes no readings and no ticks, and says so', async () => {
    const [http, lambda, console, kafkaUi] = await freePorts(4)
    const { output } = await runProgram(join(PROJECT, 'localstack', 'start.ts'), ['--for', '1s'], {
      env: {
        SLUICE_SCHEDULES: 'off',
        SLUICE_DATA_DIR: folder,
        KAFKA_BROKERS: brokers().join(','),
        REDIS_URL: redisUrl(),
        AWS_ENDPOINT_URL: awsEndpoint(),
        HTTP_PORT: `${http}`,
        LAMBDA_PORT: `${lambda}`,
        CONSOLE_PORT: `${console}`,
        KAFKA_UI_PORT: `${kafkaUi}`,
      },
    })
    assert.match(output, /^SLUICE_SCHEDULES=off: no schedule runs\..*the clock stands/m)
    assert.match(output, /^functions ready/m)
    const ends = await offsets.ends(READINGS)
    assert.deepEqual(
      ends,
      Array.from(ends, () => 0),
      output,
    )
    assert.ok(ends.length > 0)
  })
})
