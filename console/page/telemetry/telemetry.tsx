import type { ComponentType, JSX } from 'preact'
import { useLocation } from 'preact-iso'
import { Tabs } from '../parts/tabs.tsx'
import { ActivitiesPage } from './activities.tsx'
import { AveragesPage } from './averages.tsx'
import { EntitiesPage } from './entities.tsx'
import { EntityPage } from './entity.tsx'
import { VolumesPage } from './volumes.tsx'
import './telemetry.css'

interface SubPage {
  readonly title: string
  readonly path: string
  readonly page: ComponentType
}

const FIRST: SubPage = { title: 'Entities', path: '/telemetry', page: EntitiesPage }

const PAGES: readonly SubPage[] = [
  FIRST,
  { title: 'Averages', path: '/telemetry/averages', page: AveragesPage },
  { title: 'Activities', path: '/telemetry/activities', page: ActivitiesPage },
  { title: 'Volumes', path: '/telemetry/volumes', page: VolumesPage },
]

/** The entities, or one of them where the address names it. */
export function Telemetry(): JSX.Element {
  const { path, query } = useLocation()
  const { entity } = query
  if (entity) return <EntityPage key={entity} entity={entity} />
  const shown = PAGES.find(one => one.path === path) ?? FIRST
  return (
    <>
      <h1>Telemetry</h1>
      <Tabs label="Telemetry" tabs={PAGES.map(page => ({ ...page, isCurrent: page === shown }))} />
      <shown.page />
    </>
  )
}
