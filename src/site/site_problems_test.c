/* Settings that are wrong, each with the place and the words that the operator gets. */
#include "site/site_rig.h"

/* The fragment's first line is line 2, except of WHOLE ones; ' stands for ". */
#define X50        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define WHOLE      "%s"
#define IN_SITE    "{'site':{" HTTPS_SITE ",\n%s\n}}"
#define IN_STAGING "{'site':{" HTTPS_SITE ",'development':true,\n%s\n}}"
#define IN_DEVELOPMENT                                                                             \
    "{'site':{'base_url':'http://localhost:3000','secret':'" KEY "','development':true,\n%s\n}}"
#define IN_PROVIDER                                                                                \
    "{'site':{" HTTPS_SITE ",'providers':[{'id':'p','issuer':'https://op.example',"                \
    "'client_id':'c','client_secret':'s',\n%s\n}]}}"

#define IN_FORM                                                                                    \
    "{'site':{" HTTPS_SITE ",'hooks':['authorize'],'providers':[\n%s,'type':'credentials'}]}}"

static const struct {
    const char *around, *fragment;
    const char *env;
    size_t errors;
    size_t line, column;
    const char *message; /* of the first error */
} cases[] = {
    {IN_SITE, "'session':5", NULL, 1, 2, 11,
     "site.session is a map: write its settings below it, indented"},
    {IN_SITE, "'session':[]", NULL, 1, 2, 11,
     "site.session is a map: write its settings below it, indented"},
    {IN_SITE, "'session':{'max_age':{}}", NULL, 1, 2, 22,
     "site.session.max_age takes one value, not a map"},
    {IN_SITE, "'session':{'max_age':[1]}", NULL, 1, 2, 22,
     "site.session.max_age takes one value, not a list"},
    {IN_SITE, "'session':{'max_age':null}", NULL, 1, 2, 22,
     "site.session.max_age has no value; give one or remove it"},
    {IN_SITE, "'session':{'max_age':''}", NULL, 1, 2, 22,
     "site.session.max_age is ''; write a time: seconds (3600) or a number with s, m, h, d or w "
     "(12h)"},
    {IN_SITE, "'session':{'max_age':'30x'}", NULL, 1, 2, 22,
     "site.session.max_age is '30x'; write a time: seconds (3600) or a number with s, m, h, d or w "
     "(12h)"},
    {IN_SITE, "'session':{'max_age':1.5}", NULL, 1, 2, 22,
     "site.session.max_age is '1.5'; write a time: seconds (3600) or a number with s, m, h, d or w "
     "(12h)"},
    {IN_SITE, "'session':{'max_age':0}", NULL, 1, 2, 22,
     "site.session.max_age must be from 1 to 315360000 seconds"},
    {IN_SITE, "'session':{'max_age':'11y'}", NULL, 1, 2, 22,
     "site.session.max_age is '11y'; write a time: seconds (3600) or a number with s, m, h, d or w "
     "(12h)"},
    {IN_SITE, "'session':{'max_age':'3651d'}", NULL, 1, 2, 22,
     "site.session.max_age must be from 1 to 315360000 seconds"},
    {IN_SITE, "'session':{'update_age':-1}", NULL, 1, 2, 25,
     "site.session.update_age is '-1'; write a time: seconds (3600) or a number with s, m, h, d or "
     "w (12h)"},
    {IN_SITE, "'session':{'update_age':'500ms'}", NULL, 1, 2, 25,
     "site.session.update_age is '500ms'; write a time: seconds (3600) or a number with s, m, h, d "
     "or w (12h)"},
    {IN_SITE, "'development':'true'", NULL, 1, 2, 15,
     "site.development is 'true'; write true or false, without quotes"},
    {IN_SITE, "'development':'yes'", NULL, 1, 2, 15,
     "site.development is 'yes'; write true or false, without quotes"},
    {IN_SITE, "'development':1", NULL, 1, 2, 15,
     "site.development is '1'; write true or false, without quotes"},
    {IN_SITE, "'development':null", NULL, 1, 2, 15,
     "site.development has no value; give one or remove it"},
    {IN_SITE, "'profile':'authjs-4'", NULL, 1, 2, 11,
     "site.profile is 'authjs-4'; it must be authjs-5, nextauth-4, auth0-4 or robojs"},
    {IN_SITE, "'profile':''", NULL, 1, 2, 11,
     "site.profile is ''; it must be authjs-5, nextauth-4, auth0-4 or robojs"},
    {IN_SITE, "'profile':['authjs-5']", NULL, 1, 2, 11, "site.profile takes one value, not a list"},
    {IN_SITE, "'token_max':'64kb'", NULL, 1, 2, 13,
     "site.token_max is '64kb'; write a number of bytes: 65536, 64KiB or 1MiB"},
    {IN_SITE, "'token_max':100", NULL, 1, 2, 13,
     "site.token_max must be from 1024 to 1048576 bytes"},
    {IN_SITE, "'token_max':'2MiB'", NULL, 1, 2, 13,
     "site.token_max must be from 1024 to 1048576 bytes"},
    {IN_SITE, "'title':''", NULL, 1, 2, 9, "site.title is empty; give a value or remove it"},
    {IN_SITE, "'title':'a\\nb'", NULL, 1, 2, 9,
     "site.title has a control character or a line end in it"},
    {IN_SITE, "'title':{'de':'x'}", NULL, 1, 2, 9, "site.title takes one value, not a map"},
    {IN_SITE, "'title':'" X50 X50 X50 X50 "x'", NULL, 1, 2, 9,
     "site.title must have 1 to 200 bytes"},
    {IN_SITE, "'sessionMaxAge':5", NULL, 1, 2, 1,
     "unknown setting 'site.sessionMaxAge' (did you mean 'site.session.max_age'?)"},
    {IN_SITE, "'sesion':{'max_age':5}", NULL, 1, 2, 1,
     "unknown setting 'site.sesion' (did you mean 'site.session'?)"},
    {IN_SITE, "'session':{'maxAge':5}", NULL, 1, 2, 12,
     "unknown setting 'site.session.maxAge' (did you mean 'site.session.max_age'?)"},
    {IN_SITE, "'session':{'kept':'jwt'}", NULL, 1, 2, 12,
     "unknown setting 'site.session.kept'; docs/settings.md lists them all"},
    {IN_SITE, "'cookies':{'sessionToken':{'name':'x'}}", NULL, 1, 2, 12,
     "unknown setting 'site.cookies.sessionToken'; docs/settings.md lists them all"},
    {IN_SITE, "'cookies':{'session':{'nam':'x'}}", NULL, 1, 2, 23,
     "unknown setting 'site.cookies.session.nam' (did you mean 'site.cookies.session.name'?)"},
    {IN_SITE, "'session.max_age':5", NULL, 1, 2, 1,
     "unknown setting 'site.session.max_age': groups are maps, so nest it instead of writing dots"},
    {IN_SITE, "'':5", NULL, 1, 2, 1, "unknown setting 'site.'; docs/settings.md lists them all"},
    {IN_SITE, "'trustHost':true", NULL, 1, 2, 1,
     "unknown setting 'site.trustHost'; docs/settings.md lists them all"},
    {IN_SITE, "'a\\u001bb':true", NULL, 1, 2, 1,
     "unknown setting 'site.a\\x1bb'; docs/settings.md lists them all"},
    {WHOLE, "{'site':{'secret':'" KEY "'}}", NULL, 1, 0, 0,
     "site.base_url is missing: write where browsers reach the site (https://app.example.com), or "
     "set AUTH_URL"},
    {WHOLE, "{'site':{'secret':'" KEY "','profile':'nextauth-4'}}", NULL, 1, 0, 0,
     "site.base_url is missing: write where browsers reach the site (https://app.example.com), or "
     "set NEXTAUTH_URL"},
    {WHOLE, "{'site':{'secret':'" KEY "',\n'base_url':'app.example.com'}}", NULL, 1, 2, 12,
     "site.base_url is no URL that can be used; write https://host or https://host:port"},
    {WHOLE, "{'site':{'secret':'" KEY "',\n'base_url':'ftp://app.example.com'}}", NULL, 1, 2, 12,
     "site.base_url is no URL that can be used; write https://host or https://host:port"},
    {WHOLE, "{'site':{'secret':'" KEY "',\n'base_url':'https://u:p@app.example.com'}}", NULL, 1, 2,
     12, "site.base_url is no URL that can be used; write https://host or https://host:port"},
    {WHOLE, "{'site':{'secret':'" KEY "',\n'base_url':'https://app.example.com/?a=b'}}", NULL, 1, 2,
     12, "site.base_url has a query or a fragment; write scheme, host and port only"},
    {WHOLE, "{'site':{'secret':'" KEY "',\n'base_url':'https://app.example.com/#x'}}", NULL, 1, 2,
     12, "site.base_url has a query or a fragment; write scheme, host and port only"},
    {WHOLE, "{'site':{'secret':'" KEY "',\n'base_url':'https://app.example.com/a%2fb'}}", NULL, 1,
     2, 12, "site.base_url has a path that is not in its plain form: no escapes or dots"},
    {WHOLE, "{'site':{'secret':'" KEY "',\n'base_url':'https://app.example.com/a//b'}}", NULL, 1, 2,
     12, "site.base_url has a path that is not in its plain form: no escapes or dots"},
    {WHOLE, "{'site':{'secret':'" KEY "',\n'base_url':'http://app.example.com'}}", NULL, 1, 2, 12,
     "site.base_url is http: cookies would travel in the clear. Use https; http is for loopback "
     "hosts and for development: true"},
    {WHOLE, "{'site':{'secret':'" KEY "',\n'base_url':''}}", NULL, 1, 2, 12,
     "site.base_url is empty; give a value or remove it"},
    {WHOLE, "{'site':{'secret':'" KEY "'}}", "AUTH_URL=app.example.com", 1, 0, 0,
     "AUTH_URL is no URL that can be used; write https://host or https://host:port"},
    {WHOLE, "{'site':{'secret':'" KEY "'}}", "AUTH_URL=http://app.example.com", 1, 0, 0,
     "AUTH_URL is http: cookies would travel in the clear. Use https; http is for loopback hosts "
     "and for development: true"},
    {WHOLE, "{'site':{'secret':'" KEY "','profile':'nextauth-4'}}",
     "NEXTAUTH_URL=http//app.example.com", 1, 0, 0,
     "NEXTAUTH_URL is no URL that can be used; write https://host or https://host:port"},
    {IN_SITE, "'base_path':'auth'", NULL, 1, 2, 13,
     "site.base_path is 'auth'; write a plain path that begins with '/': no query, escapes or "
     "dots"},
    {IN_SITE, "'base_path':'/auth?x'", NULL, 1, 2, 13,
     "site.base_path is '/auth?x'; write a plain path that begins with '/': no query, escapes or "
     "dots"},
    {IN_SITE, "'base_path':'/a/../b'", NULL, 1, 2, 13,
     "site.base_path is '/a/../b'; write a plain path that begins with '/': no query, escapes or "
     "dots"},
    {IN_SITE, "'base_path':'//auth'", NULL, 1, 2, 13,
     "site.base_path is '//auth'; write a plain path that begins with '/': no query, escapes or "
     "dots"},
    {WHOLE, "{'site':{'base_url':'https://app.example.com'}}", NULL, 1, 0, 0,
     "there is no secret: set AUTH_SECRET or site.secret; `usher secret` makes one"},
    {WHOLE, "{'site':{'base_url':'https://app.example.com','profile':'nextauth-4'}}", NULL, 1, 0, 0,
     "there is no secret: set NEXTAUTH_SECRET or site.secret; `usher secret` makes one"},
    {WHOLE, "{'site':{'base_url':'https://app.example.com',\n'secret':'short'}}", NULL, 1, 2, 10,
     "site.secret is shorter than 32 bytes: whoever guesses it can sign in as anybody; `usher "
     "secret` makes one"},
    {WHOLE,
     "{'site':{'base_url':'https://"
     "app.example.com',\n'secret':'public-test-secret-do-not-use-0123456789'}}",
     NULL, 1, 2, 10,
     "site.secret is a known sample: whoever guesses it can sign in as anybody; `usher secret` "
     "makes one"},
    {WHOLE,
     "{'site':{'base_url':'https://"
     "app.example.com',\n'secret':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}}",
     NULL, 1, 2, 10,
     "site.secret repeats a few characters: whoever guesses it can sign in as anybody; `usher "
     "secret` makes one"},
    {WHOLE, "{'site':{'base_url':'https://app.example.com',\n'secret':''}}", NULL, 1, 2, 10,
     "site.secret is empty; give a value or remove it"},
    {WHOLE, "{'site':{'base_url':'https://app.example.com',\n'secret':['" KEY "']}}", NULL, 1, 2,
     10, "site.secret takes one value, not a list"},
    {WHOLE, "{'site':{'base_url':'https://app.example.com',\n'secrets':'" KEY "'}}", NULL, 1, 2, 11,
     "site.secrets is a list: write [one, two], or lines that begin with '- '"},
    {WHOLE, "{'site':{'base_url':'https://app.example.com',\n'secrets':[]}}", NULL, 1, 2, 11,
     "site.secrets must have 1 to 16 entries"},
    {WHOLE, "{'site':{'base_url':'https://app.example.com',\n'secrets':['" KEY "','short']}}", NULL,
     1, 2, 47,
     "site.secrets is shorter than 32 bytes: whoever guesses it can sign in as anybody; `usher "
     "secret` makes one"},
    {WHOLE, "{'site':{'base_url':'https://app.example.com',\n'secrets':['" KEY "',['x']]}}", NULL,
     1, 2, 47, "each entry of site.secrets is one text"},
    {WHOLE, "{'site':{'base_url':'https://app.example.com'}}", "AUTH_SECRET=short", 1, 0, 0,
     "AUTH_SECRET is shorter than 32 bytes: whoever guesses it can sign in as anybody; `usher "
     "secret` makes one"},
    {IN_SITE, "'secrets':['" KEY "']", NULL, 1, 2, 1,
     "site.secrets is given besides site.secret; put all of them in site.secrets"},
    {IN_SITE, "'secret_file':'/x'", NULL, 1, 2, 1,
     "site.secret_file is for settings files only; give the secret itself"},
    {IN_SITE, "'secrets_files':['/x']", NULL, 1, 2, 1,
     "site.secrets_files is for settings files only; give the secret itself"},
    {IN_SITE, "'cookies':{'secure':'yes'}", NULL, 1, 2, 21,
     "site.cookies.secure is 'yes'; it must be auto, true or false"},
    {IN_SITE, "'cookies':{'domain':'example.org'}", NULL, 1, 2, 21,
     "site.cookies.domain is 'example.org', but site.base_url is not in it: browsers would drop "
     "the cookies"},
    {IN_SITE, "'cookies':{'domain':'com'}", NULL, 1, 2, 21,
     "site.cookies.domain is 'com'; write a domain: example.com"},
    {IN_SITE, "'cookies':{'domain':'xample.com'}", NULL, 1, 2, 21,
     "site.cookies.domain is 'xample.com', but site.base_url is not in it: browsers would drop the "
     "cookies"},
    {IN_SITE, "'cookies':{'domain':'192.0.2.1'}", NULL, 1, 2, 21,
     "site.cookies.domain is '192.0.2.1'; write a domain: example.com"},
    {IN_SITE, "'cookies':{'domain':'exa mple.com'}", NULL, 1, 2, 21,
     "site.cookies.domain is 'exa mple.com'; write a domain: example.com"},
    {IN_SITE, "'cookies':{'path':'/app'}", NULL, 1, 2, 19,
     "site.cookies.path is '/app', which does not cover site.base_path ('/api/auth'): signing in "
     "would never see its cookies"},
    {IN_SITE, "'cookies':{'path':'api'}", NULL, 1, 2, 19,
     "site.cookies.path is 'api'; write a plain path that begins with '/': no query, escapes or "
     "dots"},
    {IN_SITE, "'cookies':{'same_site':'Lax'}", NULL, 1, 2, 24,
     "site.cookies.same_site is 'Lax'; it must be lax, strict or none"},
    {IN_DEVELOPMENT, "'cookies':{'same_site':'none'}", NULL, 1, 2, 24,
     "site.cookies.same_site is none, which browsers take from secure cookies only"},
    {IN_SITE, "'cookies':{'state':{'domain':'elsewhere.org'}}", NULL, 1, 2, 30,
     "site.cookies.state.domain is 'elsewhere.org', but site.base_url is not in it: browsers would "
     "drop the cookies"},
    {IN_SITE, "'cookies':{'pkce':{'path':'/app'}}", NULL, 1, 2, 27,
     "site.cookies.pkce.path is '/app', which does not cover site.base_path ('/api/auth'): signing "
     "in would never see its cookies"},
    {IN_DEVELOPMENT, "'cookies':{'nonce':{'same_site':'none'}}", NULL, 1, 2, 33,
     "site.cookies.nonce.same_site is none, which browsers take from secure cookies only"},
    {IN_SITE, "'cookies':{'csrf':{'name':'__Host-x','path':'/api'}}", NULL, 1, 2, 27,
     "site.cookies.csrf.name is '__Host-x', but such a name allows no domain and no path but '/'"},
    {IN_SITE, "'cookies':{'session':{'name':'a b'}}", NULL, 1, 2, 30,
     "site.cookies.session.name is 'a b', which no cookie can be called: no spaces, separators or "
     "'='"},
    {IN_SITE, "'cookies':{'session':{'name':'a=b'}}", NULL, 1, 2, 30,
     "site.cookies.session.name is 'a=b', which no cookie can be called: no spaces, separators or "
     "'='"},
    {IN_SITE, "'cookies':{'session':{'name':'a;b'}}", NULL, 1, 2, 30,
     "site.cookies.session.name is 'a;b', which no cookie can be called: no spaces, separators or "
     "'='"},
    {IN_DEVELOPMENT, "'cookies':{'session':{'name':'__Secure-x'}}", NULL, 1, 2, 30,
     "site.cookies.session.name is '__Secure-x', but cookies are not secure here: take another "
     "name, or https"},
    {IN_DEVELOPMENT, "'cookies':{'csrf':{'name':'__host-x'}}", NULL, 1, 2, 27,
     "site.cookies.csrf.name is '__host-x', but cookies are not secure here: take another name, or "
     "https"},
    {IN_SITE, "'cookies':{'domain':'example.com','csrf':{'name':'__Host-x'}}", NULL, 1, 2, 50,
     "site.cookies.csrf.name is '__Host-x', but such a name allows no domain and no path but '/'"},
    {IN_SITE, "'cookies':{'path':'/api','session':{'name':'__Host-x'}}", NULL, 1, 2, 44,
     "site.cookies.session.name is '__Host-x', but such a name allows no domain and no path but "
     "'/'"},
    {IN_SITE, "'cookies':{'state':{'name':'n'},'nonce':{'name':'n'}}", NULL, 1, 2, 49,
     "two cookies are called 'n'; each needs a name of its own"},
    {IN_SITE, "'cookies':{'session':{'name':'app'},'csrf':{'name':'app.csrf'}}", NULL, 1, 2, 52,
     "the cookie 'app.csrf' begins like the session's, 'app', and would be read as a part of it"},
    {IN_SITE, "'pages':{'sign_in':'login'}", NULL, 1, 2, 20,
     "site.pages.sign_in is 'login'; write a path (/login) or a URL of site.base_url's origin"},
    {IN_SITE, "'pages':{'sign_in':'//evil.example'}", NULL, 1, 2, 20,
     "site.pages.sign_in is '//evil.example'; write a path (/login) or a URL of site.base_url's "
     "origin"},
    {IN_SITE, "'pages':{'sign_in':'/\\\\evil.example'}", NULL, 1, 2, 20,
     "site.pages.sign_in is '/\\evil.example'; write a path (/login) or a URL of site.base_url's "
     "origin"},
    {IN_SITE, "'pages':{'error':'https://evil.example/x'}", NULL, 1, 2, 18,
     "site.pages.error is 'https://evil.example/x'; write a path (/login) or a URL of "
     "site.base_url's origin"},
    {IN_SITE, "'pages':{'sign_in':'/api/auth/signin'}", NULL, 1, 2, 20,
     "site.pages.sign_in is '/api/auth/signin', the endpoint that sends people there: they would "
     "go in a circle"},
    {IN_SITE, "'pages':{'error':'https://app.example.com/api/auth/error?x=1'}", NULL, 1, 2, 18,
     "site.pages.error is 'https://app.example.com/api/auth/error?x=1', the endpoint that sends "
     "people there: they would go in a circle"},
    {IN_SITE, "'pages':{'signIn':'/login'}", NULL, 1, 2, 10,
     "unknown setting 'site.pages.signIn' (did you mean 'site.pages.sign_in'?)"},
    {IN_SITE, "'open':'/'", NULL, 1, 2, 8,
     "site.open is a list: write [one, two], or lines that begin with '- '"},
    {IN_SITE, "'matcher':'/x'", NULL, 1, 2, 11,
     "site.matcher is a list: write [one, two], or lines that begin with '- '"},
    {IN_SITE, "'matcher':['dashboard']", NULL, 1, 2, 11,
     "site.matcher cannot be used: a source begins with '/'"},
    {IN_SITE, "'matcher':['/ok','/a/:x(']", NULL, 1, 2, 11,
     "site.matcher cannot be used: a capturing group inside a pattern"},
    {IN_SITE, "'open':['about']", NULL, 1, 2, 9,
     "site.open: 'about' cannot be used: a pattern begins with '/'"},
    {IN_SITE, "'open':['/ok','/a*b']", NULL, 1, 2, 15,
     "site.open: '/a*b' cannot be used: '*' stands only at the end, after '/'"},
    {IN_SITE, "'open':['/a//b']", NULL, 1, 2, 9,
     "site.open: '/a//b' cannot be used: the path is not in its plain form"},
    {IN_SITE, "'open':[{'path':'/'}]", NULL, 1, 2, 9, "each entry of site.open is one text"},
    {IN_SITE, "'open':[null]", NULL, 1, 2, 9, "each entry of site.open is one text"},
    {IN_SITE, "'identity_header_prefix':'X-Usher'", NULL, 1, 2, 26,
     "site.identity_header_prefix is 'X-Usher'; write letters, digits and '-', ending with '-': "
     "X-Usher-"},
    {IN_SITE, "'identity_header_prefix':'X_Usher-'", NULL, 1, 2, 26,
     "site.identity_header_prefix is 'X_Usher-'; write letters, digits and '-', ending with '-': "
     "X-Usher-"},
    {IN_SITE, "'identity_header_prefix':'x-forwarded-'", NULL, 1, 2, 26,
     "site.identity_header_prefix is 'x-forwarded-', which has another meaning; take one of your "
     "own: X-Usher-"},
    {IN_SITE, "'identity_header_prefix':'-'", NULL, 1, 2, 26,
     "site.identity_header_prefix must have 2 to 64 bytes"},
    {IN_SITE, "'providers':{}", NULL, 1, 2, 13,
     "site.providers is a list: write [one, two], or lines that begin with '- '"},
    {IN_SITE, "'providers':['google']", NULL, 1, 2, 14, "each entry of site.providers is a map"},
    {IN_SITE, "'providers':[{}]", NULL, 4, 2, 14,
     "site.providers[0].id is missing: the provider's name in URLs"},
    {IN_SITE, "'providers':[{'id':'p'}]", NULL, 3, 2, 14,
     "site.providers[0].issuer is missing; give it, or set AUTH_P_ISSUER"},
    {IN_SITE, "'providers':[{'id':'p','issuer':'https://op.example','client_id':'c'}]", NULL, 1, 2,
     14, "site.providers[0].client_secret is missing; give it, or set AUTH_P_SECRET"},
    {IN_SITE, "'providers':[{'issuer':'https://op.example','client_id':'c','client_secret':'s'}]",
     NULL, 1, 2, 14, "site.providers[0].id is missing: the provider's name in URLs"},
    {IN_SITE,
     "'providers':[{'id':'My "
     "App','issuer':'https://op.example','client_id':'c','client_secret':'s'}]",
     NULL, 1, 2, 20, "site.providers[0].id is 'My App'; write a-z, 0-9 and '-' only"},
    {IN_SITE, "'providers':[{'id':'p','type':'oauth'}]", NULL, 1, 2, 31,
     "site.providers[0].type is 'oauth'; it must be oidc, development or credentials"},
    {IN_SITE, "'providers':[{'id':'p','type':'development'}]", NULL, 2, 2, 31,
     "site.providers[0].type is development, which signs in anybody as anybody: only with "
     "development: true"},
    {IN_STAGING, "'providers':[{'id':'p','type':'development'}]", NULL, 1, 2, 31,
     "site.providers[0].type is development, which signs in anybody as anybody: only with a "
     "loopback site.base_url (http://localhost:3000)"},
    {IN_DEVELOPMENT, "'providers':[{'id':'p','type':'development','issuer':'https://op.example'}]",
     NULL, 1, 2, 54, "site.providers[0].issuer is for a provider of type oidc"},
    {IN_DEVELOPMENT, "'providers':[{'id':'p','type':'development','users':[]}]", NULL, 1, 2, 53,
     "site.providers[0].users must have 1 to 100 entries"},
    {IN_DEVELOPMENT, "'providers':[{'id':'p','type':'development','users':[{'name':'Ada'}]}]", NULL,
     1, 2, 54, "site.providers[0].users[0].id is missing"},
    {IN_DEVELOPMENT,
     "'providers':[{'id':'p','type':'development','users':[{'id':'a'},{'id':'a'}]}]", NULL, 1, 2,
     71, "site.providers[0].users[1].id is 'a', as of an earlier user"},
    {IN_DEVELOPMENT,
     "'providers':[{'id':'p','type':'development','users':[{'id':'a','email':'nobody'}]}]", NULL, 1,
     2, 72, "site.providers[0].users[0].email is 'nobody', which is no e-mail address"},
    {IN_DEVELOPMENT,
     "'providers':[{'id':'p','type':'development','users':[{'id':'a','image':'javascript:alert(1)'}"
     "]}]",
     NULL, 1, 2, 72,
     "site.providers[0].users[0].image is 'javascript:alert(1)'; write a path or an http(s) URL"},
    {IN_DEVELOPMENT,
     "'providers':[{'id':'p','type':'development','users':[{'id':'a','role':'admin'}]}]", NULL, 1,
     2, 64, "unknown setting 'site.providers[0].users[0].role'; docs/settings.md lists them all"},
    {IN_SITE, "'providers':[{'id':'p','type':'credentials'}]", NULL, 1, 2, 13,
     "the provider 'p' is of type credentials, which a function of the program judges: site.hooks "
     "must have authorize, in a program that embeds the library"},
    {IN_FORM, "{'id':'a b'", NULL, 1, 2, 7,
     "site.providers[0].id is 'a b'; write a-z, 0-9 and '-' only"},
    {IN_FORM, "{'id':'aB_1-','issuer':'https://op.example'", NULL, 1, 2, 24,
     "site.providers[0].issuer is for a provider of type oidc"},
    {IN_FORM, "{'id':'p','users':[{'id':'a'}]", NULL, 1, 2, 19,
     "site.providers[0].users is for a provider of type development"},
    {IN_FORM, "{'id':'p','allow_dangerous_email_account_linking':true", NULL, 1, 2, 51,
     "site.providers[0].allow_dangerous_email_account_linking is for a provider of type oidc"},
    {IN_FORM, "{'id':'p','fields':[{'label':'L'}]", NULL, 1, 2, 21,
     "site.providers[0].fields[0].name is missing"},
    {IN_FORM, "{'id':'p','fields':[{'name':'a'},{'name':'a'}]", NULL, 1, 2, 42,
     "site.providers[0].fields[1].name is 'a', as of an earlier field"},
    {IN_FORM, "{'id':'p','fields':[{'name':'csrfToken'}]", NULL, 1, 2, 29,
     "site.providers[0].fields[0].name is 'csrfToken', which the form has already"},
    {IN_FORM, "{'id':'p','fields':[{'name':'a','value':'b'}]", NULL, 1, 2, 33,
     "unknown setting 'site.providers[0].fields[0].value'; docs/settings.md lists them all"},
    {IN_DEVELOPMENT, "'providers':[{'id':'p','type':'development','fields':[{'name':'a'}]}]", NULL,
     1, 2, 54, "site.providers[0].fields is for a provider of type credentials"},
    {IN_PROVIDER, "'fields':[{'name':'a'}]", NULL, 1, 2, 10,
     "site.providers[0].fields is for a provider of type credentials"},
    {IN_SITE,
     "'hooks':['authorize'],'session':{'strategy':'database'},'providers':[{'id':'p',"
     "'type':'credentials'}]",
     NULL, 1, 2, 45,
     "site.session.strategy: database keeps nobody signed in who comes by a credentials provider, "
     "as in this system itself; write jwt"},
    {IN_PROVIDER, "'users':[{'id':'a'}]", NULL, 1, 2, 9,
     "site.providers[0].users is for a provider of type development"},
    {IN_PROVIDER, "'clientId':'x'", NULL, 1, 2, 1,
     "unknown setting 'site.providers[0].clientId' (did you mean 'site.providers[0].client_id'?)"},
    {IN_PROVIDER, "'scope':'profile email'", NULL, 1, 2, 9,
     "site.providers[0].scope is 'profile email'; it must contain openid, or no ID token comes"},
    {IN_PROVIDER, "'scope':'openid  email'", NULL, 1, 2, 9,
     "site.providers[0].scope is 'openid  email'; write words with one space between them"},
    {IN_PROVIDER, "'scope':'openid \\\"x'", NULL, 1, 2, 9,
     "site.providers[0].scope is 'openid \"x'; write words with one space between them"},
    {IN_PROVIDER, "'id_token_alg':'HS1'", NULL, 1, 2, 16,
     "site.providers[0].id_token_alg is 'HS1'; it must be RS256, RS384, RS512, PS256, PS384, "
     "PS512, ES256, ES384, ES512, EdDSA, HS256, HS384 or HS512"},
    {IN_PROVIDER, "'id_token_alg':'none'", NULL, 1, 2, 16,
     "site.providers[0].id_token_alg is 'none'; it must be RS256, RS384, RS512, PS256, PS384, "
     "PS512, ES256, ES384, ES512, EdDSA, HS256, HS384 or HS512"},
    {IN_SITE,
     "'providers':[{'id':'p','issuer':'https://x.example','client_id':'c','client_auth':'none',"
     "'id_token_alg':'HS256'}]",
     NULL, 1, 2, 105,
     "site.providers[0].id_token_alg is 'HS256', which verifies with the client secret, but "
     "client_auth is none"},
    {IN_PROVIDER, "'checks':['states']", NULL, 1, 2, 11,
     "site.providers[0].checks is 'states'; it must be state, nonce or pkce"},
    {IN_PROVIDER, "'checks':'state'", NULL, 1, 2, 10,
     "site.providers[0].checks is a list: write [one, two], or lines that begin with '- '"},
    {IN_PROVIDER, "'pkce':false,'checks':[]", NULL, 1, 2, 8,
     "site.providers[0].pkce is false, and checks has neither state nor nonce: nothing binds the "
     "answer to the browser"},
    {IN_PROVIDER, "'client_auth':'private_key_jwt'", NULL, 1, 2, 15,
     "site.providers[0].client_auth is 'private_key_jwt'; it must be client_secret_basic, "
     "client_secret_post or none"},
    {IN_PROVIDER, "'client_auth':'none'", NULL, 1, 1, 176,
     "site.providers[0].client_secret is given, but client_auth is none; remove one of them"},
    {IN_PROVIDER, "'client_secret_file':'/x'", NULL, 1, 2, 22,
     "site.providers[0].client_secret_file is for settings files only; give the secret itself"},
    {IN_PROVIDER, "'userinfo':'true'", NULL, 1, 2, 12,
     "site.providers[0].userinfo is 'true'; write true or false, without quotes"},
    {IN_PROVIDER, "'timeout':'50ms'", NULL, 1, 2, 11,
     "site.providers[0].timeout must be from 100 to 60000 milliseconds"},
    {IN_PROVIDER, "'timeout':'2m'", NULL, 1, 2, 11,
     "site.providers[0].timeout must be from 100 to 60000 milliseconds"},
    {IN_PROVIDER, "'plain_http':true", NULL, 1, 2, 14,
     "site.providers[0].plain_http is only for development: true"},
    {IN_SITE,
     "'providers':[{'id':'p','issuer':'http://op.example','client_id':'c','client_secret':'s'}]",
     NULL, 1, 2, 33,
     "site.providers[0].issuer is http; use https (or, in development, plain_http: true)"},
    {IN_SITE,
     "'providers':[{'id':'p','issuer':'https://op.example?x','client_id':'c','client_secret':'s'}]",
     NULL, 1, 2, 33, "site.providers[0].issuer has a query or a fragment, which no issuer has"},
    {IN_SITE,
     "'providers':[{'id':'p','issuer':'https://localhost:9','client_id':'c','client_secret':'s'}]",
     NULL, 1, 2, 33,
     "site.providers[0].issuer is on this machine; private_network: true allows that"},
    {IN_SITE, "'providers':[{'id':'p','issuer':'op','client_id':'c','client_secret':'s'}]", NULL, 1,
     2, 33, "site.providers[0].issuer must have 8 to 2048 bytes"},
    {IN_SITE,
     "'providers':[{'id':'p','issuer':'https://"
     "a.example','client_id':'c','client_secret':'s'},{'id':'p','issuer':'https://"
     "b.example','client_id':'c','client_secret':'s'}]",
     NULL, 1, 2, 96, "site.providers[1].id is 'p', as of an earlier provider; each needs its own"},
    {IN_SITE, "'providers':[{'id':'my-op','client_id':'c','client_secret':'s'}]",
     "AUTH_MY_OP_ISSUER=nonsense", 1, 0, 0,
     "AUTH_MY_OP_ISSUER is no URL that can be used; write https://host or https://host:port"},
    {WHOLE, "[]", NULL, 3, 1, 1,
     "settings are a map; begin with 'site:' and write its settings below, indented"},
    {WHOLE, "{'site':[]}", NULL, 3, 1, 9, "site is a map: write its settings below it, indented"},
    {WHOLE, "{'sites':{}}", NULL, 3, 1, 2,
     "unknown setting 'site.sites'; docs/settings.md lists them all"},
    {WHOLE, "{'site':{'base_url':'https://app.example.com','secret':'" KEY "'},'extra':1}", NULL, 1,
     1, 92, "unknown setting 'extra'; at the top there are only 'site' and 'daemon'"},
    {WHOLE, "", NULL, 1, 1, 1, "the JSON cannot be read: json: no value"},
};

/* The template with the fragment in place of its %s. */
static void fill_in(char *out, size_t room, const char *around, const char *fragment)
{
    const char *gap = strstr(around, "%s");

    assert_non_null(gap);
    int n = snprintf(out, room, "%.*s%s%s", (int)(gap - around), around, fragment, gap + 2);
    assert_true(n > 0 && (size_t)n < room);
}

static const usher_problem *first_error(const usher_problems *problems)
{
    for (size_t i = 0; i < usher_problems_count(problems); i++)
        if (!usher_problems_at(problems, i)->warning) return usher_problems_at(problems, i);
    return NULL;
}

static void test_what_is_wrong_is_told_with_its_place(void **state)
{
    (void)state;
    size_t failed = 0;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[2048];
        site_rig r;
        if (cases[i].fragment[0])
            fill_in(json, sizeof json, cases[i].around, cases[i].fragment);
        else
            json[0] = 0;
        rig_make(&r, json, cases[i].env);
        const usher_problem *p = first_error(r.problems);
        bool good = r.status == USHER_E_SETTING && !r.site && p && p->line == cases[i].line &&
                    p->column == cases[i].column && r.problems->errors == cases[i].errors &&
                    p->message.len == strlen(cases[i].message) &&
                    memcmp(p->message.ptr, cases[i].message, p->message.len) == 0;
        if (!good) {
            print_error("case %zu, %s: %s; wanted %zu:%zu: %s\n", i, cases[i].fragment,
                        usher_status_name(r.status), cases[i].line, cases[i].column,
                        cases[i].message);
            rig_print_problems(r.problems);
            failed++;
        }
        rig_free(&r);
    }
    assert_int_equal(failed, 0);
    assert_true(sizeof cases / sizeof *cases >= 80);
}

/* The templates themselves are right: what is refused above is refused for its fragment. */
static void test_the_surroundings_are_right(void **state)
{
    (void)state;
    static const char *const templates[] = {IN_SITE, IN_STAGING, IN_DEVELOPMENT, IN_PROVIDER};

    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
        char json[2048];
        site_rig r;
        fill_in(json, sizeof json, templates[i], i == 3 ? "'name':'x'" : "'title':'x'");
        rig_make(&r, json, NULL);
        assert_ok(r.status);
        assert_int_equal(usher_problems_count(r.problems), 0);
        rig_free(&r);
    }
}

/* One run shows everything; nobody corrects settings one error at a time. */
static void test_all_problems_come_at_once(void **state)
{
    (void)state;
    site_rig r;
    rig_make(&r,
             "{'site':{\n"
             "'base_url':'http://app.example.com',\n"
             "'secret':'short',\n"
             "'sesion':{},\n"
             "'session':{'max_age':'x','update_age':[]},\n"
             "'providers':[{'id':'A'},\n{'id':'b','type':'development'},\n7],\n"
             "'open':['x','/ok','/y?'],\n"
             "'pages':{'error':'x'}}}",
             NULL);
    assert_int_equal(r.status, USHER_E_SETTING);
    bool seen[12] = {false};
    for (size_t i = 0; i < usher_problems_count(r.problems); i++)
        seen[usher_problems_at(r.problems, i)->line] = true;
    for (size_t line = 2; line <= 9; line++)
        if (!seen[line]) fail_msg("nothing about line %zu", line);
    rig_free(&r);
}

/* More wrong settings than are shown need no more memory than those that are. */
static void test_thousands_of_problems(void **state)
{
    (void)state;
    enum { COUNT = 9000 };
    char *json = malloc(COUNT * 110 + 64);
    size_t len = 0;
    usher_problems *problems;
    usher_site *site;

    assert_non_null(json);
    json[len++] = '{';
    for (int i = 0; i < COUNT; i++)
        len += (size_t)snprintf(json + len, 110, "%s\"%0100d\":1", i ? "," : "", i);
    json[len++] = '}';
    assert_int_equal(usher_site_new(&site, &problems, (usher_str){json, len}, NULL, NULL, NULL),
                     USHER_E_SETTING);
    assert_int_equal(usher_problems_count(problems), USHER_PROBLEMS_MAX);
    assert_true(problems->errors >= COUNT);
    usher_problems_free(problems);
    free(json);
}

/* Whatever is wrong with a secret, no message shows it. */
static void test_no_message_shows_a_secret(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{'site':{'base_url':'https://u:hunter2-hunter2@app.example.com','secret':'" KEY "'}}",
        "{'site':{'base_url':'https://app.example.com','secret':'hunter2'}}",
        "{'site':{'base_url':'https://app.example.com','secret':'hunter2\\u001b'}}",
        "{'site':{'base_url':'https://app.example.com','secrets':['hunter2','hunter2']}}",
        "{'site':{'base_url':'https://app.example.com','secrets':'hunter2'}}",
        "{'site':{'base_url':'https://app.example.com','secrets':[['hunter2']]}}",
        "{'site':{" HTTPS_SITE ",'providers':[{'id':'p','client_auth':'none','client_secret':"
        "'hunter2'}]}}",
        "{'site':{" HTTPS_SITE ",'providers':[{'id':'p','client_secret':['hunter2']}]}}",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        site_rig r;
        rig_make(&r, texts[i], NULL);
        assert_int_equal(r.status, USHER_E_SETTING);
        for (size_t j = 0; j < usher_problems_count(r.problems); j++) {
            usher_str m = usher_problems_at(r.problems, j)->message;
            assert_null(memmem(m.ptr, m.len, "hunter2", 7));
        }
        rig_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(test_the_surroundings_are_right),
        cmocka_unit_test(test_all_problems_come_at_once),
        cmocka_unit_test(test_thousands_of_problems),
        cmocka_unit_test(test_no_message_shows_a_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
