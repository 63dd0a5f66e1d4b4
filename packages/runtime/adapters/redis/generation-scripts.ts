/** The scripts about new contents of partition states. Functions need them for a restore only, and do not load them at their start. */
import { readFileSync } from 'node:fs'
import { EVICTED_PART, PARTITION_STATE, script } from './scripts.ts'

/** Common beginning of all scripts about new contents of a partition state. */
const GENERATION = [
  PARTITION_STATE,
  readFileSync(new URL('./lua/state-parts.lua', import.meta.url), 'utf8'),
  readFileSync(new URL('./lua/generation.lua', import.meta.url), 'utf8'),
]

export const OWN_GENERATION = script(
  ...GENERATION,
  EVICTED_PART,
  readFileSync(new URL('./lua/own-generation.lua', import.meta.url), 'utf8'),
)
export const ADD_TO_GENERATION = script(
  ...GENERATION,
  readFileSync(new URL('./lua/add-to-generation.lua', import.meta.url), 'utf8'),
)
export const SWITCH_GENERATION = script(
  ...GENERATION,
  EVICTED_PART,
  readFileSync(new URL('./lua/switch-generation.lua', import.meta.url), 'utf8'),
)
export const FENCE = script(
  PARTITION_STATE,
  readFileSync(new URL('./lua/fence.lua', import.meta.url), 'utf8'),
)
export const NOTE_GROWTH = script(
  PARTITION_STATE,
  readFileSync(new URL('./lua/note-growth.lua', import.meta.url), 'utf8'),
)
