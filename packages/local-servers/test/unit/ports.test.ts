import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { it } from 'node:test'
import { findFreePort, freePort, isPortInUse, LOOPBACK, requireFreePorts } from '../../ports.ts'

it('given ports that are taken, then each is named with its variable and a free port of its own', async () => {
  const first = await freePort()
  const taken = [first, first + 1]
  const servers = taken.map(port =>
    createServer()
      .on('error', () => {})
      .listen(port, LOOPBACK),
  )
  const wanted = taken.map((port, at) => ({ port, variable: `P${at}_PORT`, title: 'it' }))
  const { message } = await requireFreePorts(wanted).catch(error => error)
  for (const server of servers) server.close()
  const found = [...message.matchAll(/^Port \d+ .*: P\d_PORT=(\d+)$/gm)].map(([, port]) => Number(port))
  assert.equal(new Set([...found, ...taken]).size, 4, message)
  for (const port of found) assert.equal(await isPortInUse(port), false)
})

it('given the last port, then those that follow are the first ones without privileges', async () => {
  const [last, first] = await Promise.all([findFreePort(65_535), findFreePort(65_535, 2)])
  assert.ok(last === 65_535 || last >= 1_024, `${last}`)
  assert.ok(first >= 1_024 && first < 65_535, `${first}`)
})
