/** The first page: what flows, what stands still, and what was alerted last. */
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { History, Overview as Shown } from '../../api/overview/shapes.ts'
import { useAnswer, useLive } from '../data/answers.ts'
import { Known } from '../parts/known.tsx'
import { Consumers } from './consumers.tsx'
import { Figures } from './figures.tsx'
import { Flow } from './flow.tsx'
import { LastAlerts } from './last-alerts.tsx'
import './overview.css'
import { joined, NO_PAST, withLook } from './past.ts'
import { StandingStill } from './standing.tsx'

export function Overview(): JSX.Element {
  const live = useLive<Shown>('/overview')
  const past = usePast(live.answer)
  return (
    <>
      <h1>Overview</h1>
      <Known of={live} what="the figures">
        {overview => (
          <>
            <StandingStill overview={overview} />
            <Figures overview={overview} past={past} />
            <div class="overview-parts">
              <section class="card overview-picture" aria-labelledby="flow">
                <h2 id="flow">Flow</h2>
                <Flow overview={overview} />
              </section>
              <section class="card" aria-labelledby="alerts">
                <h2 id="alerts">Last alerts</h2>
                <LastAlerts overview={overview} />
              </section>
            </div>
            <h2>Consumers</h2>
            <Consumers overview={overview} past={past} />
          </>
        )}
      </Known>
    </>
  )
}

/** What the server has kept, and what the page has seen since. */
function usePast(newest: Shown | undefined): History {
  const { answer: before } = useAnswer<History>('/overview/history')
  const [past, setPast] = useState(NO_PAST)
  useEffect(() => {
    if (before) setPast(since => joined(before, since))
  }, [before])
  useEffect(() => {
    if (newest) setPast(until => withLook(until, newest))
  }, [newest])
  return past
}
