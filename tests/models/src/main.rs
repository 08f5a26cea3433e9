//! Checks the models and prints what came of it; fails if a promise does not hold or a wrong
//! design is not refuted. What the models say is not known here.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use models::{Bound, Checked, Tried};
use serde_json::{Value, json};

const USAGE: &str = "usage: models [--small] [--counterexamples | --json]";

fn main() -> io::Result<ExitCode> {
    let (mut bound, mut json, mut counterexamples) = (Bound::Full, false, false);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--small" => bound = Bound::Small,
            "--json" => json = true,
            "--counterexamples" => counterexamples = true,
            _ => {
                writeln!(io::stderr(), "{USAGE}")?;
                return Ok(ExitCode::from(2));
            }
        }
    }
    let mut out = io::stdout().lock();
    let (mut models, mut wrong) = (Vec::new(), Vec::new());
    let mut sound = true;
    for checked in models::checked(bound) {
        sound &= checked.holds();
        if json {
            models.push(json_of_model(&checked));
        } else {
            print_model(&mut out, &checked)?;
        }
    }
    for tried in models::tried() {
        sound &= tried.counterexample.is_some();
        if json {
            wrong.push(json_of_wrong(&tried));
        } else {
            print_wrong(&mut out, &tried, counterexamples)?;
        }
    }
    if json {
        writeln!(out, "{}", json!({ "models": models, "wrong": wrong }))?;
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_model(out: &mut impl Write, checked: &Checked) -> io::Result<()> {
    let Checked { name, properties, states, generated, depth, .. } = checked;
    let verdict = if checked.holds() { "holds" } else { "DOES NOT HOLD" };
    writeln!(
        out,
        "model {name}: {} properties, {states} states, {generated} generated, depth {depth}: \
         {verdict} ({})",
        properties.len(),
        properties.join("; ")
    )?;
    for missed in &checked.missed {
        writeln!(out, "  never comes about: {missed}")?;
    }
    for (property, actions) in &checked.violated {
        writeln!(out, "  violated: {property}")?;
        print_actions(out, actions)?;
    }
    Ok(())
}

fn print_wrong(out: &mut impl Write, tried: &Tried, counterexamples: bool) -> io::Result<()> {
    let Tried { model, variant, property, counterexample } = tried;
    let Some(actions) = counterexample else {
        return writeln!(out, "wrong {model}: {variant}: NOT REFUTED ({property})");
    };
    let steps = actions.len();
    writeln!(out, "wrong {model}: {variant}: refuted in {steps} steps ({property})")?;
    if counterexamples {
        print_actions(out, actions)?;
    }
    Ok(())
}

fn print_actions(out: &mut impl Write, actions: &[String]) -> io::Result<()> {
    actions
        .iter()
        .enumerate()
        .try_for_each(|(index, action)| writeln!(out, "  {:>3}  {action}", index + 1))
}

fn json_of_model(checked: &Checked) -> Value {
    json!({
        "name": checked.name,
        "properties": checked.properties,
        "witnesses": checked.witnesses,
        "states": checked.states,
        "generated": checked.generated,
        "depth": checked.depth,
        "holds": checked.holds(),
    })
}

fn json_of_wrong(tried: &Tried) -> Value {
    json!({
        "model": tried.model,
        "variant": tried.variant,
        "property": tried.property,
        "refuted": tried.counterexample.is_some(),
        "steps": tried.counterexample.as_ref().map(Vec::len),
    })
}
