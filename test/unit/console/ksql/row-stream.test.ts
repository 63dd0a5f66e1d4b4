/** Ends that neither the client nor the table decides: of a stream of rows, and of a request. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { until } from '@sluice/test-kit/until'
import { createRowFormat } from '../../../../console/ksql/row-format.ts'
import { createRowStream } from '../../../../console/ksql/row-stream.ts'
import { compileSelect } from '../../../../lib/views/language/compile-select.ts'
import { parse } from '../../../../lib/views/language/parser.ts'
import { MemoryTables, PLAN } from '../../../support/memory-tables.ts'
import { servedKsql } from '../../../support/served-ksql.ts'

const SELECTION = compileSelect('SELECT * FROM device_activity_counts EMIT CHANGES', PLAN, parse)

function streamed(options: { slowMs?: number }) {
  const tables = new MemoryTables()
  const stop = new AbortController()
  const ended: string[] = []
  const stream = createRowStream(tables.push(SELECTION, 'now', stop.signal), {
    ...{ selection: SELECTION, stop, beatMs: 5 },
    format: createRowFormat(true),
    toErrorAnswer: () => assert.fail('no error of the rows'),
    onEnd: () => void ended.push('ended'),
    ...options,
  })
  return { tables, stream, ended }
}

/** Returns whether an error is one line in the log of the server. */
function isOneLine(error: unknown): boolean {
  assert.equal(inspect(error), '[Error: The client does not read.]')
  return true
}

describe('a stream of rows', () => {
  it('given a client that takes no row for too long, then its query ends', async () => {
    const { tables, stream, ended } = streamed({ slowMs: 20 })
    await until('the question has ended', () => ended.length > 0 && tables.open === 0)
    await assert.rejects(async () => {
      for await (const _ of stream);
    }, isOneLine)
    assert.deepEqual(ended, ['ended'])
  })

  it('given a client that goes, then its query ends once', async () => {
    const { tables, stream, ended } = streamed({})
    const reader = stream.getReader()
    await reader.read()
    await until('it waits for changes', () => tables.open === 1)
    await reader.cancel()
    await until('the question has ended', () => tables.open === 0)
    assert.deepEqual(ended, ['ended'])
  })

  // Promise config/views/README.md#asking-over-http
  it('given a request that never ends, then its connection is closed', async () => {
    const impatient = await servedKsql({}, 100)
    const socket = connect(Number(new URL(impatient.url).port), '127.0.0.1')
    socket.write('GET /info HTTP/1.1\r\n')
    socket.resume()
    await once(socket, 'close')
    await impatient.close()
  })
})
