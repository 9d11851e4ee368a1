// Fills the closed page: the session as a card and as JSON, and a form that can sign out.
const byId = (id) => document.getElementById(id);

async function getJson(path) {
    const answer = await fetch(path, { headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
    return answer.json();
}

function remaining(until) {
    const minutes = Math.round((until - Date.now()) / 60000);
    const [amount, unit] =
        minutes >= 2880 ? [minutes / 1440, "day"] : minutes >= 120 ? [minutes / 60, "hour"]
        : [minutes, "minute"];
    return new Intl.RelativeTimeFormat("en").format(Math.round(amount), unit);
}

function initials(name) {
    const letters = [...new Intl.Segmenter("en").segment(name)].map((part) => part.segment);
    const first = letters.filter((letter, i) =>
        letter.trim() && (i === 0 || letters[i - 1] === " "));
    return first.slice(0, 2).join("").toUpperCase();
}

function show(session) {
    const user = session.user ?? {};
    const ends = new Date(session.expires);

    byId("face").textContent = initials(user.name ?? user.email ?? "?");
    byId("name").textContent = user.name ?? "(none)";
    byId("email").textContent = user.email ?? "(none)";
    byId("expires").textContent =
        ends.toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" });
    byId("expires").dateTime = session.expires;
    byId("remaining").textContent = `(${remaining(ends)})`;
    byId("card").hidden = false;
}

function say(problem) {
    byId("problem").textContent = problem;
    byId("problem").hidden = false;
}

try {
    const session = await getJson("/api/auth/session");

    byId("json").textContent = JSON.stringify(session, null, 2);
    if (session?.user) show(session);
    else say("Your session has ended. Load the page again to sign in.");

    // Signing out changes something, so it is a POST and needs the token that no other site knows.
    byId("csrf").value = (await getJson("/api/auth/csrf")).csrfToken;
    byId("sign-out").disabled = false;
} catch (error) {
    say(`Could not tell: ${error.message}. Nothing was changed; load the page again.`);
}
