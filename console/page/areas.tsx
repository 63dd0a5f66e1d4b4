/** The areas of the console: what the navigation lists, and what addresses lead to. */
import type { ComponentType } from 'preact'
import type { Shown } from '../api/environment.ts'
import { Alerts } from './alerts/alerts.tsx'
import { Failures } from './failures/failures.tsx'
import { Journey } from './journey/journey.tsx'
import { Kafka } from './kafka/kafka.tsx'
import { Overview } from './overview/overview.tsx'
import { Search } from './search/search.tsx'
import { State } from './state/state.tsx'
import { Telemetry } from './telemetry/telemetry.tsx'
import { Writing } from './writing/writing.tsx'

interface Area {
  readonly title: string
  /** Where it begins; its own pages lie below. */
  readonly path: string
  readonly page: ComponentType
  /** Whether this environment has it; if not said, each has. */
  readonly isThere?: (shown: Shown) => boolean
}

export const AREAS: readonly Area[] = [
  { title: 'Overview', path: '/', page: Overview },
  { title: 'Telemetry', path: '/telemetry', page: Telemetry },
  { title: 'Alerts', path: '/alerts', page: Alerts },
  { title: 'Failures', path: '/failures', page: Failures },
  { title: 'One event', path: '/event', page: Journey },
  { title: 'State', path: '/state', page: State },
  { title: 'Kafka', path: '/kafka', page: Kafka },
  { title: 'Write', path: '/write', page: Writing, isThere: ({ isLocal }) => isLocal },
]

/** It has a field in the head of every page in place of a link. */
const SEARCH: Area = { title: 'Search', path: '/search', page: Search }

/** All that addresses lead to. */
export const PLACES: readonly Area[] = [...AREAS, SEARCH]
