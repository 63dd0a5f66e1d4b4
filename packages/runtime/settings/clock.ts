import { setting, slice } from './slice.ts'
import { wholeNumber } from './value-kinds.ts'

export const CLOCK = slice(
  'Clock',
  {
    CLOCK_SECONDS: setting('consumers.clock_seconds', wholeNumber({ least: 2, most: 60, unit: 'seconds' }), {
      description:
        'Interval between ticks of the topics that are ticked often (in Sluice: `notifications` and `view-rows`), by which their timers can be delayed. From 56 on, there is one tick per minute.',
      default: '5',
    }),
  },
  ({ CLOCK_SECONDS }) => ({ tickEveryMs: CLOCK_SECONDS * 1_000 }),
)
