/**
 * Module that is preloaded into a program. It makes the processor hang at the reading `hangs`, and end the process at the reading
 * `ends`.
 */
import { registerHooks } from 'node:module'

const STEP = 'onEvent(state, event) {'

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    if (!url.endsWith('/lib/analytics/process.ts')) return loaded
    const source = String(loaded.source)
    if (source.split(STEP).length !== 2) throw new Error(`${url} does not have this once: ${STEP}`)
    const broken = `${STEP} while (event.id === 'hangs'); if (event.id === 'ends') process.exit(0);`
    return { ...loaded, source: source.replace(STEP, broken) }
  },
})
