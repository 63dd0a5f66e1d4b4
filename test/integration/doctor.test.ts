/** `sluice doctor` on a local cloud whose AWS emulator has lost everything, and on one that does not answer. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import { doctorText } from '../../cli/doctor/text.ts'
import type { Finding } from '../../lib/diagnosis/finding.ts'
import { createResources } from '../../localstack/resources.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { ran } from '../unit/cli/terminal.ts'

const RESOURCES = ['secret', 'parameter', 'alerts-topic', 'bucket']

describe('given the resources of a local cloud, when a doctor looks at them', () => {
  const env = `d${randomUUID().slice(0, 8)}`
  const awsEndpoint = process.env.AWS_ENDPOINT_URL as string

  async function examine(endpoint: string) {
    const environment = {
      KAFKA_BROKERS: brokers().join(','),
      REDIS_URL: redisUrl(),
      SLUICE_ENV: env,
      AWS_ENDPOINT_URL: endpoint,
    }
    const { stdout } = await ran(['doctor', '--json'], { environment })
    const report = JSON.parse(stdout)
    const resources = report.findings.filter(({ area }: Finding) => area === 'account')
    assert.deepEqual(
      resources.map(({ check }: Finding) => check),
      RESOURCES,
    )
    const verdicts = new Set(resources.map(({ verdict }: Finding) => verdict))
    return { verdicts: [...verdicts], lines: doctorText({ ...report, findings: resources }).split('\n') }
  }

  it('then those that were lost are wrong in one line, and those that were created again are ok', async () => {
    const lost = await examine(awsEndpoint)
    assert.deepEqual(lost.verdicts, ['wrong'])
    assert.match(
      lost.lines[1] ?? '',
      /✗ secret: sluice\/d.*parameter: \/sluice\/d.*bucket: sluice-history-d\w+: does not exist$/,
    )
    assert.match(lost.lines[2] ?? '', /Restart `npm start`/)
    assert.equal(lost.lines[3], '')
    await createResources({ awsEndpoint, env, generator: {} })
    assert.deepEqual((await examine(awsEndpoint)).verdicts, ['ok'])
  })

  it('then an emulator that does not answer is wrong in one line', async () => {
    const { verdicts, lines } = await examine('http://127.0.0.1:1')
    assert.deepEqual(verdicts, ['wrong'])
    assert.match(
      lines[1] ?? '',
      /bucket: sluice-history-d\w+: AWS does not answer at http:\/\/127\.0\.0\.1:1$/,
    )
    assert.equal(lines[3], '')
  })
})
