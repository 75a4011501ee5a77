/*
 * A client of JWT sessions, for browsers and scripts. Chapter 9 says why it does what it does.
 *   const session = new SessionClient({ base: "/auth" });
 *   session.signedIn(await (await fetch("/sign-in", ...)).json());
 *   const answer = await session.fetch("/me");
 *
 * One refresh is in flight at a time, in all tabs where there are locks; an outage ends nothing.
 */

/** The session has ended: sign in again. */
export class SessionEnded extends Error {}

/** There was no answer, or none that decides anything: the tokens are kept; try again later. */
export class SessionUnavailable extends Error {}

/** Where tokens are kept: here, for this one client, in memory. */
export class MemoryTokens {
  #tokens = null;
  load() { return this.#tokens; }
  save(tokens) { this.#tokens = tokens; }
}

/** Tokens are cookies: nothing is kept, and the browser sends them. */
export const COOKIES = { load: () => ({}), save: () => {} };

export class SessionClient {
  #options;
  #refreshing = null;

  /**
   * @param base       where the token endpoints are
   * @param tokens     MemoryTokens, COOKIES, or one's own load and save; clients that share
   *                   a session share this too
   * @param timeout    milliseconds until one request is given up
   * @param lifetime   milliseconds until an attempt, with its repetitions, is given up; less
   *                   than half of the server's grace
   * @param locks      navigator.locks, or null to do without
   */
  constructor({ base, tokens = new MemoryTokens(), timeout = 5000, lifetime = 12000,
    locks = globalThis.navigator?.locks ?? null }) {
    this.#options = { base, tokens, timeout, lifetime, locks };
  }

  /** Takes over what a sign-in answered. */
  signedIn(pair) {
    this.#options.tokens.save({ access: pair.access_token, refresh: pair.refresh_token });
  }

  /** Like fetch, with the access token; a 401 is answered by one refresh and one repetition. */
  async fetch(url, init = {}) {
    const tokens = this.#options.tokens.load();
    if (tokens === null) throw new SessionEnded("nobody is signed in");
    const answer = await fetch(url, authorized(init, tokens));
    if (answer.status !== 401) return answer;
    return fetch(url, authorized(init, await this.refresh(tokens)));
  }

  /** Refreshes, unless `used` was replaced meanwhile. Who asks meanwhile shares the answer. */
  refresh(used = this.#options.tokens.load()) {
    const over = () => { this.#refreshing = null; };
    return this.#refreshing ??= this.#alone(() => this.#refresh(used)).finally(over);
  }

  /** Signs out with whatever token is at hand, and forgets the tokens once that is answered. */
  async signOut() {
    await this.#alone(async () => {
      const tokens = this.#options.tokens.load();
      if (tokens !== null) await this.#post("/logout", tokens);
      this.#options.tokens.save(null);
    });
  }

  async #refresh(used) {
    const { tokens } = this.#options;
    const current = tokens.load();
    if (current === null) throw new SessionEnded("nobody is signed in");
    if (current.refresh !== used?.refresh) return current; // another tab was faster
    const { status, body } = await this.#post("/refresh", { refresh: current.refresh });
    if (status === 200) this.signedIn(body);
    // Newer tokens that another client has stored meanwhile are not ours to drop.
    else if ((tokens.load() ?? current).refresh === current.refresh) {
      tokens.save(null);
      throw new SessionEnded(body.code ?? `answered ${status}`);
    }
    return tokens.load();
  }

  #alone(work) {
    const { locks, base } = this.#options;
    return locks === null ? work() : locks.request(`jwtsession ${base}`, work);
  }

  /** The same request again, while nothing or a 503 comes back and for as long as it may live. */
  async #post(path, tokens) {
    const { base, timeout, lifetime } = this.#options;
    const end = Date.now() + lifetime;
    const init = authorized({ method: "POST", credentials: "same-origin" }, tokens);
    init.headers["content-type"] = "application/json";
    init.body = JSON.stringify(tokens.refresh ? { refresh_token: tokens.refresh } : {});
    for (let pause = 250; ; pause *= 2) {
      const signal = AbortSignal.timeout(Math.max(1, Math.min(timeout, end - Date.now())));
      const answer = await fetch(base + path, { ...init, signal }).then(read).catch(() => null);
      if (answer !== null && answer.status < 500) return answer;
      const asked = 1000 * Number(answer?.after ?? 0);
      const wait = asked > 0 ? asked : pause * (0.5 + Math.random() / 2);
      if (Date.now() + wait >= end) throw new SessionUnavailable("no usable answer");
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** Reads an answer to its end: half of one, or one that is not JSON, is no answer. */
const read = async (it) => ({ status: it.status, after: it.headers.get("retry-after"),
  body: JSON.parse((await it.text()) || "{}") });

function authorized(init, tokens) {
  const headers = Object.fromEntries(new Headers(init.headers));
  if (tokens.access) headers.authorization = `Bearer ${tokens.access}`;
  return { ...init, headers };
}
