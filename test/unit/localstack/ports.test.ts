import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { freePort, freePorts, portInUse, reservePort } from '../../../localstack/services/ports.ts'

const PORTS = new URL('../../../localstack/services/ports.ts', import.meta.url).href
const RESERVED = new URL('../../../localstack/services/ports.ts', import.meta.url).href

/** The output of a separate process. */
async function printed(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
  return stdout
}

describe('a free port', () => {
  it('is not an ephemeral port', async () => {
    for (const port of await freePorts(20)) assert.ok(port >= 1_024 && port < 32_768, `${port}`)
  })

  it('is given out once, however many callers there are', async () => {
    const ports = await freePorts(50)
    assert.equal(new Set(ports).size, 50)
    for (const port of ports) assert.equal(await portInUse(port), false)
  })

  it('is given to no other process while this one lives', async () => {
    const port = await freePort()
    const reserve = (number: string) =>
      `import { reservePort } from '${RESERVED}'; console.log(reservePort(${number}))`
    assert.equal((await printed(reserve(`${port}`))).trim(), 'false')

    const other = Number(await printed(`import { freePort } from '${PORTS}'; console.log(await freePort())`))
    assert.equal(reservePort(other), true)
  })
})
