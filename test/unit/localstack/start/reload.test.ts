import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readArguments } from '../../../../localstack/start/arguments.ts'
import { reloadIn, watchVariables } from '../../../../localstack/start/reload.ts'

describe('reloading under npm start', () => {
  it('given no option, then edits are reloaded, unless the environment says otherwise', () => {
    assert.equal(readArguments([])?.watch, true)
    assert.deepEqual(watchVariables(true), {})
  })

  it('given --no-watch, then edits wait for the next start', () => {
    assert.equal(readArguments(['--no-watch'])?.watch, false)
    assert.deepEqual(watchVariables(false), { SLUICE_WATCH: 'off' })
  })

  it('given the log of the functions, then the messages about reloads are shown', () => {
    assert.equal(reloadIn('watch  reloaded alerting: 2 rules changed'), 'reloaded alerting: 2 rules changed')
    assert.equal(reloadIn('watch      lib/a.ts:1:2: no'), '    lib/a.ts:1:2: no')
    assert.equal(reloadIn('msk  ready: 4 of 4 event sources have joined their groups'), undefined)
    assert.equal(reloadIn('{"message":"watch  this"}'), undefined)
  })
})
