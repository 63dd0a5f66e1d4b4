import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { withLayout } from './layout.ts'

/** A Lua script with its SHA-1, by which a server identifies a loaded script. */
export interface Script {
  readonly lua: string
  readonly sha1: string
}

// The bundler replaces each call by the text of the file, see esbuild.plugins.cjs.
export const PARTITION_STATE = readFileSync(new URL('./lua/partition-state.lua', import.meta.url), 'utf8')
export const EVICTED_PART = readFileSync(new URL('./lua/evicted-part.lua', import.meta.url), 'utf8')
const FAILURE_MEMORY = readFileSync(new URL('./lua/failure-memory.lua', import.meta.url), 'utf8')

const CHANGES = readFileSync(new URL('./lua/changes.lua', import.meta.url), 'utf8')

export const LOAD = script(
  PARTITION_STATE,
  EVICTED_PART,
  readFileSync(new URL('./lua/load.lua', import.meta.url), 'utf8'),
)
export const COMMIT = script(
  PARTITION_STATE,
  EVICTED_PART,
  FAILURE_MEMORY,
  CHANGES,
  readFileSync(new URL('./lua/note-changes.lua', import.meta.url), 'utf8'),
  readFileSync(new URL('./lua/commit.lua', import.meta.url), 'utf8'),
)
export const OPEN_BREAKER = script(readFileSync(new URL('./lua/open-breaker.lua', import.meta.url), 'utf8'))
export const SKIP_RECORD = script(readFileSync(new URL('./lua/skip-record.lua', import.meta.url), 'utf8'))
export const ADVANCE_CURSOR = script(
  readFileSync(new URL('./lua/advance-cursor.lua', import.meta.url), 'utf8'),
)
export const COMPARE_AND_SET = script(
  readFileSync(new URL('./lua/compare-and-set.lua', import.meta.url), 'utf8'),
)
export const BEGIN_CHECKPOINT = script(
  PARTITION_STATE,
  CHANGES,
  readFileSync(new URL('./lua/begin-checkpoint.lua', import.meta.url), 'utf8'),
)
export const READ_CHANGES = script(
  PARTITION_STATE,
  CHANGES,
  readFileSync(new URL('./lua/read-changes.lua', import.meta.url), 'utf8'),
)
export const END_CHECKPOINT = script(
  PARTITION_STATE,
  CHANGES,
  readFileSync(new URL('./lua/end-checkpoint.lua', import.meta.url), 'utf8'),
)

/** Assembles a script. Names of layout constants are replaced by their values. @param parts parts in order */
export function script(...parts: readonly string[]): Script {
  const lua = withLayout(parts.join(''))
  return { lua, sha1: createHash('sha1').update(lua).digest('hex') }
}
