import assert from 'node:assert/strict'
import { it } from 'node:test'
import { findFolderCircles } from '../../runner/checks/folder-circles.ts'

it('given folders that import each other through different files, then these imports are named', () => {
  const there = ['lib/a/one.ts', 'lib/b/deep/two.ts'] as const
  const on = ['lib/b/three.ts', 'lib/c/four.ts'] as const
  const back = ['lib/c/five.ts', 'lib/a/six.ts'] as const
  const aside = ['lib/c/five.ts', 'lib/d/seven.ts'] as const
  assert.deepEqual(findFolderCircles([there, on, back, aside]), [there, on, back])
  assert.deepEqual(findFolderCircles([there, on, aside]), [])
})

it('given files beside folders, and files of one folder, then they form no circle', () => {
  const up = ['cli/rules/try.ts', 'cli/command.ts'] as const
  const down = ['cli/commands.ts', 'cli/rules/try.ts'] as const
  const within = ['cli/rules/try.ts', 'cli/rules/text.ts'] as const
  assert.deepEqual(findFolderCircles([up, down, within]), [])
})
