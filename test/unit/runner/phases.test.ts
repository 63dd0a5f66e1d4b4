import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LONGEST, longestFirst } from '../../runner/longest.ts'
import { filesOf, PHASES } from '../../runner/phases.ts'

const everything = () => true

describe('the phases of npm test', () => {
  it('have each file of the longest, and each once', async () => {
    const groups = ['checks', 'unit', 'integration', 'rehearsal'] as const
    const found = await Promise.all(PHASES.map(phase => filesOf(phase, groups, everything)))
    const paths = found.flatMap(selected => selected?.files ?? []).map(({ path }) => path)
    assert.ok(paths.length > 100)
    assert.equal(new Set(paths).size, paths.length)
    const listed = LONGEST.map(({ file }) => file)
    assert.deepEqual(
      listed.filter(file => !paths.includes(file)),
      [],
    )
    assert.equal(new Set(listed).size, listed.length)
  })

  it('given the rehearsal alone, then no servers are started for it; with the integration tests they are', async () => {
    const [, , together] = PHASES
    assert.ok(together)
    const alone = await filesOf(together, ['rehearsal'], everything)
    assert.deepEqual([alone?.files.length, alone?.needsServers, alone?.missing], [1, false, []])
    assert.equal((await filesOf(together, ['integration', 'rehearsal'], everything))?.needsServers, true)
    const none = await filesOf(together, ['integration', 'rehearsal'], path => path.includes('rehearsal'))
    assert.equal(none?.needsServers, false, 'nor where no integration test is wanted')
    assert.equal(await filesOf(together, ['unit'], everything), undefined)
  })

  it('given a part without files, then it is named', async () => {
    const phase = { title: 'x', parts: [{ group: 'unit', files: ['test/nowhere/*.test.ts'] }] } as const
    assert.deepEqual((await filesOf(phase, ['unit'], everything))?.missing, ['test/nowhere/*.test.ts'])
  })

  it('begin the longest first, and the others in their order', () => {
    const [first, second] = LONGEST.map(({ file }) => ({ path: file }))
    assert.ok(first && second)
    const [a, b] = [{ path: 'a' }, { path: 'b' }]
    assert.deepEqual(longestFirst([a, second, b, first]), [first, second, a, b])
  })
})
