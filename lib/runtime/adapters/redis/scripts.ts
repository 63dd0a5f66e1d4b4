import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** A Lua script, and the SHA-1 by which a server that has seen it knows it. */
export interface Script {
  readonly lua: string
  readonly sha1: string
}

// The bundler replaces the call with the text of the file: see esbuild.plugins.cjs.
const EVICTED_PART = readFileSync(new URL('./lua/evicted-part.lua', import.meta.url), 'utf8')
export const LOAD = script(EVICTED_PART + readFileSync(new URL('./lua/load.lua', import.meta.url), 'utf8'))
export const COMMIT = script(
  EVICTED_PART + readFileSync(new URL('./lua/commit.lua', import.meta.url), 'utf8'),
)
export const OPEN_BREAKER = script(readFileSync(new URL('./lua/open-breaker.lua', import.meta.url), 'utf8'))
export const BEGIN_STAGING = script(readFileSync(new URL('./lua/begin-staging.lua', import.meta.url), 'utf8'))
export const STAGE = script(readFileSync(new URL('./lua/stage.lua', import.meta.url), 'utf8'))
export const SWITCH_TO_STAGED = script(
  readFileSync(new URL('./lua/switch-to-staged.lua', import.meta.url), 'utf8'),
)
export const ADVANCE_CURSOR = script(
  readFileSync(new URL('./lua/advance-cursor.lua', import.meta.url), 'utf8'),
)

function script(lua: string): Script {
  return { lua, sha1: createHash('sha1').update(lua).digest('hex') }
}
