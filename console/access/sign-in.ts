/** How a person at a browser comes in: by the printed address, or with a token on the sign-in page. */
import type { Context } from 'hono'
import { Hono } from 'hono'
import { deleteCookie, setCookie } from 'hono/cookie'
import { html } from 'hono/html'
import type { Access } from './access.ts'

/** As long as browsers keep a cookie at most. */
const KEPT_S = 400 * 24 * 60 * 60

const NOT_KEPT = { 'cache-control': 'no-store' }

const WRONG = 'This token is not valid, or no longer.'

/** What the form of the sign-in page asks for. @param styleAt the style sheet of the console's page */
export function signInRoutes(access: Access, styleAt: string): Hono {
  const routes = new Hono()
  routes.post('/sign-in', async context => {
    const { token, to } = await context.req.parseBody()
    const given = typeof token === 'string' ? token.trim() : ''
    const back = localPath(typeof to === 'string' ? to : '/')
    if (given === '' || !(await access.personWith(given)))
      return signInPage(context, { access, styleAt, to: back, problem: WRONG })
    keepToken(context, access, given)
    return context.redirect(back, 303)
  })
  routes.post('/sign-out', context => {
    deleteCookie(context, access.cookieFor(new URL(context.req.url)), cookieOptions(access))
    return context.redirect('/', 303)
  })
  return routes
}

/**
 * Answers a request for a page. Who comes with a token in the address is signed in, and the address is clean again; who is not
 * signed in gets the sign-in page, with status 401.
 *
 * @param isSignedIn whether the person is, by the cookie
 * @param styleAt the style sheet of the console's page
 * @returns undefined if nothing stands between the person and the page
 */
export async function admission(
  context: Context,
  access: Access,
  { isSignedIn, styleAt }: { readonly isSignedIn: boolean; readonly styleAt: string },
): Promise<Response | undefined> {
  const url = new URL(context.req.url)
  const token = access.takesTokenInAddress ? url.searchParams.get('token') : null
  if (isSignedIn && token === null) return undefined
  url.searchParams.delete('token')
  const to = localPath(`${url.pathname}${url.search}`)
  if (token !== null && (await access.personWith(token))) {
    keepToken(context, access, token)
    return context.redirect(to)
  }
  if (isSignedIn) return context.redirect(to)
  // The cookie goes with requests of this site alone: one that follows a link from elsewhere is repeated by a page of its own.
  if (isFromElsewhere(context)) return context.html(again(to), 200, NOT_KEPT)
  return signInPage(context, { access, styleAt, to, ...(token === null ? {} : { problem: WRONG }) })
}

/** A path of the console, whatever was asked for: one that begins with two slashes would lead to another host. */
function localPath(path: string): string {
  return `/${path.replace(/^[/\\]+/, '')}`
}

function keepToken(context: Context, access: Access, token: string): void {
  const name = access.cookieFor(new URL(context.req.url))
  setCookie(context, name, token, { ...cookieOptions(access), maxAge: KEPT_S })
}

function cookieOptions({ isSecure }: Access) {
  return { httpOnly: true, sameSite: 'Strict', path: '/', secure: isSecure } as const
}

function isFromElsewhere(context: Context): boolean {
  return ['cross-site', 'same-site'].includes(context.req.header('sec-fetch-site') ?? '')
}

function again(to: string) {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sluice</title>
<meta http-equiv="refresh" content="0; url=${to}"></head>
<body><p><a href="${to}">To the console</a></p></body></html>`
}

interface SignInPage {
  readonly access: Access
  readonly styleAt: string
  /** Where the person wanted to go. */
  readonly to: string
  readonly problem?: string
}

function signInPage(context: Context, { access, styleAt, to, problem }: SignInPage) {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sign in · Sluice</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${styleAt}">
</head>
<body>
<main class="sign-in">
<h1>Sluice</h1>
<p id="where">${access.whereTokensAre}</p>
${problem ? html`<p class="problem" role="alert">${problem}</p>` : ''}
<form method="post" action="/sign-in">
<input type="hidden" name="to" value="${to}">
<label>Token
<input type="password" name="token" required autocomplete="current-password" autofocus aria-describedby="where">
</label>
<button type="submit">Sign in</button>
</form>
</main>
</body>
</html>
`
  return context.html(page, 401, NOT_KEPT)
}
