import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { removeLeftBundles } from '../../../runner/left-bundles.ts'

it('given bundles of a process that has ended, and others, then only those are removed', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'left-bundles-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const ended = String(spawnSync(process.execPath, ['--version']).pid)
  const others = [String(process.pid), 'notes']
  for (const name of [ended, ...others]) mkdirSync(join(folder, name, 'functions'), { recursive: true })
  await removeLeftBundles(folder)
  assert.deepEqual(readdirSync(folder).toSorted(), others)
})

it('given no bundles, then nothing is to be done', () =>
  removeLeftBundles(join(tmpdir(), 'left-bundles-none')))
