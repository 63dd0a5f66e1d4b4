/** A client of ksqlDB that is not part of Sluice, as it comes from the npm registry. It speaks HTTP/2. */
import assert from 'node:assert/strict'
import { connect } from 'node:http2'
import { after, before, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import ksqldbClient from 'ksqldb-client'
import { createOpenAccess } from '../../../../console/access/access.ts'
import { MemoryChanges, servedKsql } from '../../../support/served-ksql.ts'

/** The package exports the class itself, unlike its types. */
const KsqldbClient = ksqldbClient as unknown as typeof ksqldbClient.default

describe('an unpatched client of ksqlDB', () => {
  let served: Awaited<ReturnType<typeof servedKsql>>
  let client: InstanceType<typeof KsqldbClient>

  before(async () => {
    const access = createOpenAccess({ name: 'ada', role: 'operator' })
    served = await servedKsql({ access, changes: new MemoryChanges() })
    const { hostname, port } = new URL(served.url)
    client = new KsqldbClient({ host: `http://${hostname}`, port: Number(port) })
    await client.connect()
  })

  after(async () => {
    await client.disconnect()
    await served.close()
  })

  it('lists and describes tables and streams', async () => {
    const names = (sources: readonly { readonly name: string }[]) => sources.map(({ name }) => name)
    assert.deepEqual(names(await client.listTables()), ['DEVICE_ACTIVITY_COUNTS', 'ACTIVITY_BY_MINUTE'])
    assert.deepEqual(names(await client.listStreams()), ['DEVICE_READINGS'])
    const { fields } = await client.describeSource('device_activity_counts')
    assert.deepEqual(names(fields), ['ACTIVITY', 'READINGS'])
  })

  it('creates a table, and is told what is wrong with a statement', async () => {
    const created = await client.executeStatement(
      'CREATE TABLE t AS SELECT activity, COUNT(*) AS n FROM device_readings GROUP BY activity;',
    )
    assert.equal(created.status, 200)
    const { status, error } = await client.executeStatement('INSERT INTO t VALUES (1);')
    assert.equal(status, 400)
    assert.match(String(error?.message), /INSERT is not supported/)
  })

  // Promise config/views/README.md#asking-over-http | A client of ksqlDB works as it is. A query of a table that is dropped ends with an error row, and a request that stays incomplete is ended.
  it('reads the current rows', async () => {
    const { data } = await client.query('SELECT * FROM device_activity_counts;')
    assert.deepEqual(data?.rows, [
      { ACTIVITY: 'sit', READINGS: 2 },
      { ACTIVITY: 'walk', READINGS: 3 },
    ])
  })

  it('follows changes until it closes the query', async () => {
    const rows: unknown[] = []
    let queryId: string | undefined
    const following = client.streamQuery('SELECT * FROM device_activity_counts EMIT CHANGES;', data => {
      queryId = data.metadata.queryId
      rows.push(...(data.rows ?? []))
    })
    await until('the query has begun', async () => queryId !== undefined)
    served.tables.change(['walk', 4])
    await until('the change has come', async () => rows.length > 0)
    assert.deepEqual(rows, [{ ACTIVITY: 'walk', READINGS: 4 }])
    assert.equal((await client.terminatePushQuery(String(queryId))).status, 200)
    assert.equal((await following).status, 200)
    assert.equal(served.tables.open, 0)
  })
})

describe('HTTP/2', () => {
  it('given a foreign Host, then the request is refused, as over HTTP/1.1', async () => {
    const served = await servedKsql({ access: createOpenAccess({ name: 'ada', role: 'viewer' }) })
    const session = connect(served.url)
    const request = session.request({ ':path': '/info', ':authority': 'foreign.example' })
    const status = await new Promise(resolve => request.once('response', head => resolve(head[':status'])))
    session.destroy()
    await served.close()
    assert.equal(status, 403)
  })

  it('given a request that never ends, then it is closed, and a whole one is not', async () => {
    const served = await servedKsql({ access: createOpenAccess({ name: 'ada', role: 'viewer' }) }, 100)
    const session = connect(served.url)
    const headers = { ':method': 'POST', ':path': '/query-stream', 'content-type': 'application/json' }
    const whole = session
      .request(headers)
      .end('{"sql": "SELECT * FROM device_activity_counts EMIT CHANGES;"}')
    const endless = session.request(headers)
    endless.write('{')
    await new Promise(resolve => endless.once('close', resolve))
    assert.deepEqual([whole.closed, served.tables.open], [false, 1])
    session.destroy()
    await served.close()
  })

  it('given an open connection, then the server still closes', async () => {
    const served = await servedKsql()
    const session = connect(served.url)
    await new Promise(resolve => session.once('remoteSettings', resolve))
    const closed = new Promise(resolve => session.once('close', resolve))
    session.on('error', () => {})
    await served.close()
    await closed
  })
})
