import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** A Lua script and the SHA-1 by which the server knows it once it has seen it. */
export interface Script {
  readonly lua: string
  readonly sha1: string
}

// The bundler puts the text of such files in the place of the call: see esbuild.plugins.cjs.
export const LOAD_SLOT = script(readFileSync(new URL('./lua/load-slot.lua', import.meta.url), 'utf8'))
export const COMMIT_SLOT = script(readFileSync(new URL('./lua/commit-slot.lua', import.meta.url), 'utf8'))
export const HOLD_FLOOD = script(readFileSync(new URL('./lua/hold-flood.lua', import.meta.url), 'utf8'))
export const BEGIN_STAGING = script(readFileSync(new URL('./lua/begin-staging.lua', import.meta.url), 'utf8'))
export const STAGE_SLOT = script(readFileSync(new URL('./lua/stage-slot.lua', import.meta.url), 'utf8'))
export const SWITCH_SLOT = script(readFileSync(new URL('./lua/switch-slot.lua', import.meta.url), 'utf8'))
export const ADVANCE_CURSOR = script(
  readFileSync(new URL('./lua/advance-cursor.lua', import.meta.url), 'utf8'),
)

function script(lua: string): Script {
  return { lua, sha1: createHash('sha1').update(lua).digest('hex') }
}
