/** Settings of a site. Made from src/site/table.h by ./dev docs. */

/** Seconds, or a number with its unit: `90`, `'15m'`, `'30d'`. */
export type Duration = number | `${number}` | `${number}${'s' | 'm' | 'h' | 'd' | 'w'}`;

/** The same where milliseconds count. */
export type Milliseconds = `${number}ms`;

/** Bytes, or a number with its unit: `65536`, `'64KiB'`. */
export type Size = number | `${number}` | `${number}${'KiB' | 'MiB'}`;

/** The site whose sessions are kept. In JSON given to usher_site_new this level may be left out. */
export interface SiteSettings {
  /** Where browsers reach the site: scheme, host and perhaps a port. A path in it becomes base_path if that is not given. http is for a loopback host or development only. A value here wins over the environment. Is required. Environment: AUTH_URL, NEXTAUTH_URL. */
  base_url?: string;
  /** Path below which sign-in, callback, session and the other endpoints answer. From the environment only if its URL has a path. Default: /api/auth. Environment: AUTH_URL, NEXTAUTH_URL. */
  base_path?: string;
  /** The system whose cookies and endpoints are spoken: Auth.js v5, NextAuth.js v4, Auth0's Next.js SDK v4, or the configured runtime of @robojs/auth. Default: authjs-5. */
  profile?: 'authjs-5' | 'nextauth-4' | 'auth0-4' | 'robojs';
  /** Other session cookies that are read too, so that nobody is signed out when a site changes its system, its cookie's name or its secret. What they hold is written as the site's own session, and the old cookie goes with the same answer; see site.accept[]. Default: none. */
  accept?: readonly AcceptSettings[];
  /** Allows what must not be reachable by others: weak or missing secrets, http, and the development provider. Default: false. */
  development?: boolean;
  /** What all keys are derived from, at least 32 bytes; `usher secret` makes one. With profile nextauth-4 NEXTAUTH_SECRET is asked first. Is required. Environment: AUTH_SECRET, NEXTAUTH_SECRET. */
  secret?: string;
  /** Several secrets, instead of `secret`: the first one seals, all of them open. To rotate, put a new one first. The numbered variables are asked by profile authjs-5 when no other is set. Default: none. Environment: AUTH_SECRET_3, AUTH_SECRET_2, AUTH_SECRET_1. */
  secrets?: readonly string[];
  session?: {
    /** How long a session lives after it was last renewed. Default: 30d; auth0-4 has inactivity_duration instead. */
    max_age?: Duration;
    /** How long a session lives after it was created, however often it is renewed. Held against every session that is read. Default: none; auth0-4: 3d. */
    absolute_duration?: Duration;
    /** How long a session lives after it was last renewed, also if it was promised more when it was written. Default: none; auth0-4: 1d. */
    inactivity_duration?: Duration;
    /** Sessions in use are renewed. Without it they end when they were going to from the first. Default: true. */
    rolling?: boolean;
    /** Most bytes of claims that are written. A session that would grow beyond stays as it was. Default: as much as fits into cookies. */
    claims_max?: Size;
    /** Where sessions are kept: in the cookie, or as rows of a database, of which the cookie holds the key. For programs that embed the library and have the rows (Auth.js' adapters, session stores of Auth0's SDK). Default: jwt. */
    strategy?: 'jwt' | 'database';
    /** What the session cookie holds: the profile's encrypted token, a plain signed JWT (whose claims everybody can read who gets hold of it), or what the program's own functions make (NextAuth's jwt.encode and jwt.decode). Default: sealed. */
    token?: 'sealed' | 'signed' | 'hook';
    /** How signed tokens are signed; with session.token: signed. Default: HS256. */
    signing_alg?: 'HS256' | 'RS256' | 'ES256' | 'EdDSA';
    /** Keys of signed tokens: the first one signs, all of them are believed. Texts for HS256, else private keys (PEM or JWK); after the first, public ones will do. Default: HS256: the site's secrets. */
    signing_keys?: readonly string[];
    /** How old a session may grow before it is written again. Default: 1d. */
    update_age?: Duration;
  };
  /** Whether users and their accounts at providers are rows of a database too, while sessions are in the cookie. For programs that embed the library. Default: none; database with session.strategy: database. */
  users?: 'none' | 'database';
  /** Functions of the program that are asked on the way: NextAuth's callbacks of these names, its events, and authorize, which judges what a credentials provider's form sent; with profile auth0-4 the two before that, which are that SDK's. For programs that embed the library. Default: none. */
  hooks?: ReadonlyArray<'jwt' | 'session' | 'sign_in' | 'redirect' | 'events' | 'profile' | 'session_token' | 'before_session_saved' | 'on_callback' | 'authorize'>;
  cookies?: {
    /** The Secure attribute and the __Secure- and __Host- names. `auto`: if base_url is https. Default: auto. */
    secure?: 'auto' | true | 'true' | false | 'false';
    /** Domain attribute, to share cookies with subdomains. Cookies whose default name begins with __Host- stay without it. Default: the host alone. */
    domain?: string;
    /** Path attribute; must cover base_path. Cookies whose default name begins with __Host- keep "/". Default: /. */
    path?: string;
    /** SameSite attribute. `strict` is for the session cookie alone: the others must come along when the provider sends the browser back. `none` needs secure cookies. Default: lax. */
    same_site?: 'lax' | 'strict' | 'none';
    session?: {
      /** Complete name of the session cookie, prefix included. Default: the profile's. */
      name?: string;
      /** Domain attribute of this cookie alone. Default: that of cookies.domain. */
      domain?: string;
      /** Path attribute of this cookie alone. Default: that of cookies.path. */
      path?: string;
      /** SameSite attribute of this cookie alone. Default: that of cookies.same_site. */
      same_site?: 'lax' | 'strict' | 'none';
    };
    callback_url?: {
      /** Complete name of the cookie that remembers where to go after signing in. Default: the profile's. */
      name?: string;
      /** Domain attribute of this cookie alone. Default: that of cookies.domain. */
      domain?: string;
      /** Path attribute of this cookie alone. Default: that of cookies.path. */
      path?: string;
      /** SameSite attribute of this cookie alone. Default: that of cookies.same_site. */
      same_site?: 'lax' | 'strict' | 'none';
    };
    csrf?: {
      /** Complete name of the cookie against cross-site request forgery. Default: the profile's. */
      name?: string;
      /** Domain attribute of this cookie alone. Default: that of cookies.domain. */
      domain?: string;
      /** Path attribute of this cookie alone. Default: that of cookies.path. */
      path?: string;
      /** SameSite attribute of this cookie alone. Default: that of cookies.same_site. */
      same_site?: 'lax' | 'strict' | 'none';
    };
    pkce?: {
      /** Complete name of the cookie that keeps the PKCE code verifier. Default: the profile's. */
      name?: string;
      /** Domain attribute of this cookie alone. Default: that of cookies.domain. */
      domain?: string;
      /** Path attribute of this cookie alone. Default: that of cookies.path. */
      path?: string;
      /** SameSite attribute of this cookie alone. Default: that of cookies.same_site. */
      same_site?: 'lax' | 'strict' | 'none';
    };
    state?: {
      /** Complete name of the cookie that keeps the state. Default: the profile's. */
      name?: string;
      /** Domain attribute of this cookie alone. Default: that of cookies.domain. */
      domain?: string;
      /** Path attribute of this cookie alone. Default: that of cookies.path. */
      path?: string;
      /** SameSite attribute of this cookie alone. Default: that of cookies.same_site. */
      same_site?: 'lax' | 'strict' | 'none';
    };
    nonce?: {
      /** Complete name of the cookie that keeps the nonce. Default: the profile's. */
      name?: string;
      /** Domain attribute of this cookie alone. Default: that of cookies.domain. */
      domain?: string;
      /** Path attribute of this cookie alone. Default: that of cookies.path. */
      path?: string;
      /** SameSite attribute of this cookie alone. Default: that of cookies.same_site. */
      same_site?: 'lax' | 'strict' | 'none';
    };
  };
  pages?: {
    /** Your sign-in page: a path, or a URL of the same origin. Default: our own. */
    sign_in?: string;
    /** Your sign-out page. Default: our own. */
    sign_out?: string;
    /** Your error page; it gets the code as `error`. Default: our own. */
    error?: string;
    /** Your page that says a mail was sent. Default: our own. */
    verify_request?: string;
    /** Where somebody is sent who signed in for the first time. Default: none. */
    new_user?: string;
  };
  /** Heading of usher's own pages. Default: the host of base_url. */
  title?: string;
  theme?: {
    /** Light or dark: usher's own pages are as the browser is set, or always one of the two. Their body has the class that Auth.js' pages have. Default: auto. */
    color_scheme?: 'auto' | 'light' | 'dark';
    /** Colour of buttons: #rrggbb, a name, or a function like hsl(210 60% 40%). Default: usher's. */
    brand_color?: string;
    /** Colour of the text on them. Default: usher's. */
    button_text?: string;
    /** Picture above the heading: a path of this site, or an https URL. Default: none. */
    logo?: string;
  };
  /** Paths that need no session: "/about" is that path, "/docs/*" is /docs and all below it. Default: none: every path needs a session. */
  open?: readonly string[];
  /** Paths that need a session, as Next.js' config.matcher writes them; a path that none of them matches is open, and so is one of `open`. Default: none: every path but those of `open`. */
  matcher?: readonly string[];
  /** How the headers begin in which forward authentication names the user. Default: X-Usher-. */
  identity_header_prefix?: string;
  /** Longest session token that is read. Default: 64KiB. */
  token_max?: Size;
  auth0?: {
    /** Where a sign-in ends that names no place of the site. This and the settings below it are for profile auth0-4. Default: /. */
    sign_in_return_to?: string;
    /** Parameters of every authorization request, each as name=value. The query of the login route may say otherwise. `scope` is the provider's setting. Default: none. */
    authorization_parameters?: readonly string[];
    /** Where the logout route leads: the provider's end_session_endpoint (oidc), Auth0's own /v2/logout (v2), or the first if there is one (auto). Default: auto. */
    logout_strategy?: 'auto' | 'oidc' | 'v2';
    /** The end_session_endpoint is told the session's ID token. Default: true. */
    id_token_hint?: boolean;
    /** The route that hands the access token to scripts of the page is there. Default: true. */
    access_token_route?: boolean;
    /** The profile route answers 204 without a session, not 401. Default: false. */
    profile_no_content?: boolean;
    /** Access tokens are refreshed so long before they end. Default: 0. */
    token_refresh_buffer?: Duration;
    /** What a sign-in asks of the provider goes there directly first (RFC 9126), and the browser carries a reference only. Default: false. */
    pushed_authorization_requests?: boolean;
    /** The session's cookie goes when the browser is closed. Default: false. */
    transient?: boolean;
    transaction?: {
      /** How the names of the cookies of a sign-in begin. Default: __txn_. */
      prefix?: string;
      /** How long a sign-in may take. Default: 1h. */
      max_age?: Duration;
      /** Several sign-ins of one browser may be under way. Default: true. */
      parallel?: boolean;
    };
    routes?: {
      /** Path of the login route. Default: base_path and /login. */
      login?: string;
      /** Path that the provider sends browsers back to. Default: base_path and /callback. */
      callback?: string;
      /** Path of the logout route. Default: base_path and /logout. */
      logout?: string;
      /** Path of the route that shows the user. Default: base_path and /profile. */
      profile?: string;
      /** Path of the route that hands out access tokens. Default: base_path and /access-token. */
      access_token?: string;
    };
  };
  /** Where people can sign in; see site.providers[]. Profile auth0-4 has one; without any, it is made of AUTH0_DOMAIN, AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET. Default: none. */
  providers?: readonly ProviderSettings[];
}

/** A kind of session cookie that is read besides the site's own. The first that holds a valid session counts. */
export interface AcceptSettings {
  /** The system that wrote them. auth0-4 reads the cookies of its SDK's version 3 too. Is required. */
  profile: 'authjs-5' | 'nextauth-4' | 'auth0-4' | 'robojs';
  /** Complete name of the session cookie, prefix included. Default: the profile's. */
  cookie?: string;
  /** Domain attribute the cookie was set with: without it, browsers do not delete it. Default: that of site.cookies. */
  domain?: string;
  /** Path attribute the cookie was set with. Default: that of site.cookies. */
  path?: string;
  /** The secret they were written with, if it is another one. Default: the site's. */
  secret?: string;
  /** The same, several of them. Default: the site's. */
  secrets?: readonly string[];
  /** What the cookie holds; see site.session.token. Default: sealed. */
  token?: 'sealed' | 'signed' | 'hook';
  /** Where these sessions are: in the cookie, or as rows of the database that the site's program has. Default: jwt. */
  strategy?: 'jwt' | 'database';
  /** Where users are rows (site.session.strategy: database, or site.users), whose id the `sub` of these sessions is: that of a user's row (the old system had the same database), that of an account at `provider` whose owner has a row (with strategy: database alone), or none: then they are shown as they are, from their own cookie, until they end. One taken for the other would sign somebody in as another person. Is required where it counts. */
  subject?: 'user' | 'account' | 'none';
  /** The id of the provider at which all these sessions began; with subject: account. Default: none. */
  provider?: string;
  /** How its tokens are signed; with token: signed. Default: HS256. */
  signing_alg?: 'HS256' | 'RS256' | 'ES256' | 'EdDSA';
  /** Keys that are believed. Default: HS256: `secrets`. */
  signing_keys?: readonly string[];
}

/** One identity provider each. */
export interface ProviderSettings {
  /** The provider's name in URLs: a-z, 0-9 and '-'. Upper-cased, with '_' for '-', it is the ID of the environment variables. Is required; auth0-4: auth0. */
  id?: string;
  /** OpenID Connect; the development provider: pick a name, be signed in; or a form of your own, which the program's function authorize judges (`hooks`). Default: oidc. */
  type?: 'oidc' | 'development' | 'credentials';
  /** What the sign-in button says. Default: the id. */
  name?: string;
  /** The issuer exactly as the provider writes it; its discovery document is read. Is required (oidc). Environment: AUTH_ID_ISSUER, AUTH0_DOMAIN. */
  issuer?: string;
  /** The client identifier that the provider gave to this site. Is required (oidc). Environment: AUTH_ID_ID, AUTH0_CLIENT_ID. */
  client_id?: string;
  /** The client secret that the provider gave to this site. Is required unless client_auth is none. Environment: AUTH_ID_SECRET, AUTH0_CLIENT_SECRET. */
  client_secret?: string;
  /** How the client proves itself at the token endpoint. Default: client_secret_basic; auth0-4: client_secret_post. */
  client_auth?: 'client_secret_basic' | 'client_secret_post' | 'none';
  /** What is asked for; must contain openid. Default: openid profile email; auth0-4: offline_access too. */
  scope?: string;
  /** The only algorithm that is accepted for ID tokens. HS256 and its like verify with the client secret, so the client needs one; the others with the provider's keys. Default: RS256. */
  id_token_alg?: 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA' | 'HS256' | 'HS384' | 'HS512';
  /** What binds the answer to the browser that asked, besides PKCE, which is sent unless `pkce` is false. Default: the profile's. */
  checks?: ReadonlyArray<'state' | 'nonce' | 'pkce'>;
  /** Sends a code challenge (RFC 7636). false is for providers that refuse it; then keep state or nonce in `checks`, and the client needs a secret. Default: true. */
  pkce?: boolean;
  /** Asks the userinfo endpoint too and uses what it says. Default: false. */
  userinfo?: boolean;
  /** Whoever signs in here with the e-mail address of a user who came by another way is that user. Only for a provider that has verified every address, and where whoever came by another way had to show that it is his. An answer whose email_verified is there and not true links nobody. With users: database. Default: false. */
  allow_dangerous_email_account_linking?: boolean;
  /** The provider may be at an address that is not public (10.x, 192.168.x, loopback). Default: false. */
  private_network?: boolean;
  /** The provider may be reached by http. Only with development. Default: false. */
  plain_http?: boolean;
  /** Longest wait for one answer of the provider. Default: 5s. */
  timeout?: Milliseconds | Duration;
  /** Whom a development provider offers; see site.providers[].users[]. Default: Ada and Grace. */
  users?: readonly DevelopmentUser[];
  /** What the sign-in page asks for at a credentials provider, in this order; see site.providers[].fields[]. Whatever else is sent is handed on, too. Default: none. */
  fields?: readonly CredentialField[];
}

/** The people whom a development provider offers. */
export interface DevelopmentUser {
  /** The user's id. Is required. */
  id: string;
  /** Name to show. Default: none. */
  name?: string;
  /** E-mail address. Default: none. */
  email?: string;
  /** URL of a picture. Default: none. */
  image?: string;
}

/** What a credentials provider's form asks for. */
export interface CredentialField {
  /** The field's name. Is required. */
  name: string;
  /** What stands above the field. Default: the name. */
  label?: string;
  /** The type of its input, as HTML has them. Default: text. */
  type?: string;
  /** What stands in it while it is empty. Default: none. */
  placeholder?: string;
}
