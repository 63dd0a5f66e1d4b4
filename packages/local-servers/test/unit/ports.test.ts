import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { it } from 'node:test'
import { freePort, isPortInUse, LOOPBACK, requireFreePorts } from '../../ports.ts'

it('given ports that are taken, then each is named with its variable and a free port of its own', async () => {
  const servers = []
  const first = await freePort()
  for (const port of [first, first + 1]) {
    if (await isPortInUse(port)) continue
    servers.push(createServer().listen(port, LOOPBACK))
  }
  const wanted = ['ONE_PORT', 'OTHER_PORT'].map((variable, at) => ({
    port: first + at,
    variable,
    title: 'it',
  }))
  const error = await requireFreePorts(wanted).catch(error => error)
  for (const server of servers) server.close()
  const suggested = [...error.message.matchAll(/^Port (\d+) .*_PORT=(\d+)$/gm)].map(([, , port]) =>
    Number(port),
  )
  assert.equal(new Set([...suggested, first, first + 1]).size, 4, error.message)
  for (const port of suggested) assert.equal(await isPortInUse(port), false)
})
