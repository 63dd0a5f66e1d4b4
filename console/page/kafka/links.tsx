/** Links to topics and groups, and the page of one of them with its link back. */

import { type ComponentChildren, Fragment, type JSX } from 'preact'
import { buildAddress } from '../client/address.ts'

/** Page of one object, with a link back to the list. */
export function NamedPage({
  name,
  all,
  at,
  children,
}: {
  readonly name: string
  readonly all: string
  readonly at: string
  readonly children: ComponentChildren
}): JSX.Element {
  return (
    <>
      <p class="back">
        <a href={at}>{all}</a>
      </p>
      <h2 class="breaks">{name}</h2>
      {children}
    </>
  )
}

export function TopicLink({ topic }: { readonly topic: string }): JSX.Element {
  return (
    <a class="roomy" href={buildAddress('/kafka', { topic })}>
      <BreakableName name={topic} />
    </a>
  )
}

export function GroupLink({ group }: { readonly group: string }): JSX.Element {
  return (
    <a class="roomy" href={buildAddress('/kafka/groups', { group })}>
      <BreakableName name={group} />
    </a>
  )
}

/** Name that the browser may break after each dot. */
export function BreakableName({ name }: { readonly name: string }): JSX.Element {
  const [first = '', ...others] = name.split(/(?<=\.)/)
  return (
    <>
      {first}
      {others.map((part, at) => (
        <Fragment key={`${at} ${part}`}>
          <wbr />
          {part}
        </Fragment>
      ))}
    </>
  )
}
