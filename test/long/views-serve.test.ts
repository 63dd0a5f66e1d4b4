/** `sluice views serve` on real servers. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Program } from '@sluice/test-kit/program'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import { freePort } from '#local-servers/ports'
import { kafkaClient } from '#runtime/operating/kafka'
import { RedisClient } from '#runtime/operating/redis'
import { KafkaPublisher } from '#runtime/test/support/inside-kafka'
import { environmentReading } from '#runtime/test/support/records'
import { TestEnvironment } from '../support/environment.ts'
import { declareTables, ViewsStage } from '../support/tables.ts'
import { writtenMessage } from '../support/written-message.ts'

const STATEMENTS = `CREATE STREAM sensors (sensor_id VARCHAR KEY, temperature DOUBLE)
    WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON');
  CREATE TABLE by_sensor AS SELECT sensor_id, COUNT(*) AS readings, MAX(temperature) AS hottest FROM sensors
    GROUP BY sensor_id;`
const SERVED = /^(http:\/\/127\.0\.0\.1:\d+)\nToken: ([0-9a-f]{32})$/m

describe('sluice views serve', () => {
  const redis = new RedisClient({ url: redisUrl() })
  const publisher = new KafkaPublisher(kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' }))
  let environment: TestEnvironment
  let views: ViewsStage
  let server: Program

  const serve = (variables: object, ...args: readonly string[]) =>
    new Program('cli/sluice.ts', ['views', 'serve', ...args], {
      env: {
        SLUICE_ENV: environment.name,
        KAFKA_BROKERS: brokers().join(','),
        REDIS_URL: redisUrl(),
        ...variables,
      },
    })

  before(async () => {
    environment = await TestEnvironment.create()
    await declareTables(environment, redis, publisher, STATEMENTS)
    views = new ViewsStage(environment, redis, publisher)
    const publishReading = async (sensor: string, temperature: number) => {
      const reading = environmentReading(`${sensor} ${temperature}`, { sensor, temperature })
      await environment.client.send(environment.topic('readings'), [writtenMessage(reading)])
    }
    for (const temperature of [20, 22]) await publishReading('roof', temperature)
    await publishReading('cellar', 8)
    await views.catchUp()
    server = serve({}, '--port', String(await freePort()))
    await server.says(SERVED)
  })

  after(async () => {
    server?.signal('SIGTERM')
    await server?.ended
    redis.close()
    await publisher.close()
    await environment?.close()
  })

  it('given the token as a password, then it lists tables, answers with rows and sends changes', async () => {
    const [, url = '', token = ''] = SERVED.exec(server.output) ?? []
    const ask = async (path: string, body: object) => {
      const headers = { authorization: `Basic ${btoa(`any:${token}`)}`, accept: 'application/json' }
      return (await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).json()
    }
    const [shown] = await ask('/ksql', { ksql: 'SHOW TABLES;' })
    assert.equal(shown.tables[0].name, 'BY_SENSOR')
    const query = (sql: string, properties = {}) => ask('/query-stream', { sql, properties })
    const [, row] = await query("SELECT * FROM by_sensor WHERE sensor_id = 'roof';")
    assert.deepEqual(row, ['roof', 2, 22])
    const [, [sensor]] = await query('SELECT sensor_id FROM by_sensor EMIT CHANGES LIMIT 1;', {
      'auto.offset.reset': 'earliest',
    })
    assert.ok(['roof', 'cellar'].includes(sensor))
    const refused = await ask('/ksql', { ksql: 'CREATE TABLE t AS SELECT * FROM s;' })
    assert.match(refused.message, /sluice views apply/)
  })

  it('given --allow-changes, then CREATE writes into the folder, and is in force; the printed port is the published one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-views-'))
    await writeFile(join(folder, 'own.sql'), STATEMENTS)
    const [port, token] = [await freePort(), 't'.repeat(32)]
    await writeFile(join(folder, 'token'), token)
    const args = ['--port', String(port), '--published-ports', '9988', '--token-file', join(folder, 'token')]
    const changing = serve({ VIEWS_DIR: folder }, ...args, '--allow-changes')
    try {
      await changing.says(/^http:\/\/127\.0\.0\.1:9988$/m)
      const statement = 'CREATE TABLE hot AS SELECT sensor_id, COUNT(*) AS n FROM sensors GROUP BY sensor_id;'
      let isAnswered = false
      const answered = fetch(`http://127.0.0.1:${port}/ksql`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ ksql: statement }),
      }).finally(() => {
        isAnswered = true
      })
      while (!isAnswered) await views.catchUp()
      const [{ commandStatus }] = await (await answered).json()
      assert.equal(commandStatus.status, 'SUCCESS')
      assert.match(await readFile(join(folder, 'local.sql'), 'utf8'), /CREATE TABLE hot/)
    } finally {
      changing.signal('SIGTERM')
      assert.equal((await changing.ended).code, 0)
      await rm(folder, { recursive: true })
    }
  })

  it('given a wrong token, then nothing is answered', async () => {
    const [, url = ''] = SERVED.exec(server.output) ?? []
    const headers = { authorization: `Bearer ${'0'.repeat(32)}` }
    assert.equal((await fetch(`${url}/info`, { headers })).status, 401)
    assert.equal((await fetch(`${url}/healthcheck`)).status, 200)
  })
})
