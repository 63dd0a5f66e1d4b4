/** The way to the farthest that came of an event, from left to right. */
import type { ComponentChildren, JSX } from 'preact'
import type { Stage } from './main-way.ts'
import { kindOf, outcomeOf, titleOf } from './words.ts'

interface Props {
  readonly stages: readonly Stage[]
  /** What each topic carries. */
  readonly signals: Readonly<Record<string, string>>
}

export function Way({ stages, signals }: Props): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrow keys
    <section class="journey-way" aria-label="In short" tabIndex={0}>
      <ol>
        {stages.flatMap(({ step, by }) => [
          <li key={step.key} class={`journey-stop journey-${kindOf(step.event?.type).tone}`}>
            <Stop title={kindOf(step.event?.type).word}>{titleOf(step, signals)}</Stop>
          </li>,
          ...(by
            ? [
                <li key={by.key} class={`journey-hop journey-${outcomeOf(by).tone}`}>
                  <Stop title={by.consumer}>{by.reason ?? outcomeOf(by).word}</Stop>
                </li>,
              ]
            : []),
        ])}
      </ol>
    </section>
  )
}

function Stop({
  title,
  children,
}: {
  readonly title: string
  readonly children: ComponentChildren
}): JSX.Element {
  return (
    <div>
      <strong>{title}</strong>
      <span>{children}</span>
    </div>
  )
}
