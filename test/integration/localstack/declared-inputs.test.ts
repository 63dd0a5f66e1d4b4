import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { awsEndpoint, brokers, redisUrl } from '@sluice/test-kit/servers'
import type { ServiceEvent } from '#local-servers/report'
import { readConfig } from '../../../control/environment/config.ts'
import { startLocalCloud } from '../../../localstack/local-cloud.ts'
import { temporaryFolder } from './support.ts'

const { folder, remove } = temporaryFolder()
after(remove)

it('given a Kafka that runs already, when a start finds no topic of an input, then it creates and names it', async () => {
  const env = `t${randomUUID().slice(0, 8)}`
  const INPUTS_FILE = join(folder, 'inputs.yaml')
  writeFileSync(INPUTS_FILE, 'inputs: [{ topic: "declared-{env}" }]')
  const [KAFKA_BROKERS, REDIS_URL] = [brokers().join(','), redisUrl()]
  const config = readConfig({
    KAFKA_BROKERS,
    REDIS_URL,
    SLUICE_ENV: env,
    INPUTS_FILE,
    SLUICE_ONE_MACHINE: 'on',
  })
  const created: string[] = []
  const report = ({ service, detail }: ServiceEvent) => void (service === 'inputs' && created.push(detail))
  const at = (address: string) => ({ address })
  const servers = { kafka: at(KAFKA_BROKERS), valkey: at(REDIS_URL), aws: at(awsEndpoint()) }
  const options = { ...servers, report, dataDir: folder, logsDir: folder }
  const { createTopics, services } = await startLocalCloud(options, config)
  await createTopics()
  await services.stop()
  assert.deepEqual(created, [`created declared-${env}`])
})
