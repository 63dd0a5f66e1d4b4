import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import { TestEnvironment } from '../support/environment.ts'
import { ran } from '../unit/cli/terminal.ts'

const NOWHERE = 'nowhere'

/** Commands that ask an environment, with the fewest arguments. */
const COMMANDS = [
  'alerts list',
  'alerts show roof-1',
  'consume',
  'consume --topic alerts --no-follow',
  'console --port 18050',
  'dlq list',
  'dlq show 0@0',
  'dlq redrive 0@0 --yes',
  'dlq drop 0@0 --yes',
  'entities list',
  'etl',
  'generate --no-create-topic --count 1',
  'groups lag',
  'publish events/streams/heatwave.jsonl --topic readings',
  'replay events/streams/heatwave.jsonl --speed max',
  'reprocess processor --from start --dry-run',
  'rules try 1h',
  'silence add --rule HIGH_TEMP --for 1h --comment works',
  'silence list',
  'silence end 0123abcd',
  'skip processor 0@0 --dry-run',
  'sql SHOW_TABLES',
  'sql FROM_readings',
  'state drop processor --partition 0 --yes',
  'state entity processor roof-1',
  'state list',
  'state show processor',
  'stats',
  'stats roof-1',
  'topics list',
  'verify processor',
  'views apply --dry-run',
  'views drop device_sensor_stats --yes',
  'views serve --port 18089',
]

describe('an environment without topics', () => {
  let environment: TestEnvironment

  before(async () => {
    environment = await TestEnvironment.create()
  })

  after(() => environment?.close())

  // Promise docs/troubleshooting.md#topic-does-not-exist
  for (const line of COMMANDS)
    it(`given ${line}, then it fails, and names the environments that exist`, async () => {
      const args = line.split(' ').map(word => word.replace('_', ' '))
      const servers = { KAFKA_BROKERS: brokers().join(','), REDIS_URL: redisUrl() }
      const { status, stdout, stderr } = await ran([...args, '--env', NOWHERE], {
        environment: { ...servers, STORAGE_URL: 'sqlite::memory:' },
      })
      assert.notEqual(status, 0, stdout)
      assert.match(stderr, /^Kafka at \S+ has no topics of the environment "nowhere"\. It has topics of /m)
      assert.match(stderr, new RegExp(`"${environment.name}".*: choose with --env, or set SLUICE_ENV\\.`))
      assert.match(stderr, /`sluice topics apply --env nowhere` creates them\.$/m)
      assert.equal(stdout, '')
    })

  it('given Kafka that does not answer, then statistics are shown nevertheless', async () => {
    const servers = { KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: redisUrl() }
    const { status, stdout } = await ran(['stats', '--env', environment.name], { environment: servers })
    assert.equal(status, 0)
    assert.match(stdout, /^No entity matches\./)
  })
})
